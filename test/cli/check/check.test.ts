import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runVerbs } from '../../support/run-verbs.ts';

/** `UPDATE_GOLDEN=1 npm test test/cli/check` writes the current output; review the difference in git. */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

const HERE = relative(process.cwd(), import.meta.dirname);

const expectGolden = (file: string, text: string): void => {
  const golden = join(import.meta.dirname, file);
  const printed = text.replaceAll(`${HERE}/`, '');
  if (UPDATE) writeFileSync(golden, printed);
  expect(printed).toBe(readFileSync(golden, 'utf8'));
};

const check = (...args: readonly string[]) => runVerbs('check', ...args);

describe('portcullis check', () => {
  test('check prints findings in the style of compilers, and fails on errors', async () => {
    const { code, out, err } = await check('-f', join(HERE, 'mistakes.yaml'));
    expect([code, err]).toEqual([1, '']);
    expectGolden('mistakes.txt', out);
  });

  test('check prints findings as JSON', async () => {
    const { code, out } = await check('-f', join(HERE, 'mistakes.yaml'), '-o', 'json');
    expect(code).toBe(1);
    expectGolden('mistakes.json', out);
  });

  test('check succeeds with warnings, but fails with --strict', async () => {
    const loose = await check(join(HERE, 'surprises.yaml'));
    expect(loose.code).toBe(0);
    expectGolden('surprises.txt', loose.out);
    expect(await check('--strict', join(HERE, 'surprises.yaml'))).toEqual({ ...loose, code: 1 });
  });

  test('check says so if it finds nothing', async () => {
    expect(await check(join(HERE, 'sound.yaml'), '--strict')).toEqual({
      code: 0,
      out: '2 policies checked: nothing found\n',
      err: '',
    });
  });

  test('check reports an error for a missing file', async () => {
    const { code, out } = await check(join(HERE, 'absent.yaml'));
    expect(code).toBe(1);
    expect(out).toContain('absent.yaml:1:1: error: there is no such file or folder [manifest]');
  });

  test('check without manifests is a wrong command line', async () => {
    expect(await check()).toMatchObject({ code: 2, out: '' });
  });
});
