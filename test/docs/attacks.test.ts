import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ATTACKS } from '../attacks/catalogue/all.ts';
import { ELSEWHERE } from '../attacks/catalogue/elsewhere.ts';
import { KNOWN_OPEN } from '../attacks/known-open.ts';
import { TESTED_TAKE_OUTS } from '../../scripts/attacks/tested-take-outs.ts';
import { isClosed } from '../attacks/run/judge.ts';
import { attackDocument } from '../attacks/run/table.ts';

const ROOT = path.join(import.meta.dirname, '../..');

describe('the catalogue of attacks', () => {
  test('docs/attacks.md equals the catalogue', () => {
    expect(readFileSync(path.join(ROOT, 'docs/attacks.md'), 'utf8')).toBe(attackDocument(ATTACKS, ELSEWHERE));
  });

  test('every name in the catalogue is unique', () => {
    const names = [...ATTACKS, ...ELSEWHERE].map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test('every closed attack succeeds, or its test fails, without its rule', () => {
    const report = readFileSync(path.join(ROOT, 'test/attacks/report/take-out.md'), 'utf8');
    const opened = new Set([...report.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    const tested = new Map(TESTED_TAKE_OUTS.flatMap(({ name, attacks }) => attacks.map((attack) => [attack, name])));
    expect(ATTACKS.filter((attack) => isClosed(attack) && !opened.has(attack.name))).toEqual([]);
    const untested = ELSEWHERE.filter(({ outcome, name }) => {
      const takeOut = tested.get(name);
      return (
        outcome === 'closed' &&
        (takeOut === undefined || !new RegExp(`^\\| ${takeOut} \\| \`.+\` \\|$`, 'm').test(report))
      );
    });
    expect(untested).toEqual([]);
  });

  test('every test that the catalogue names exists', () => {
    const missing = ELSEWHERE.flatMap(({ test: file }) => file ?? []).filter(
      (file) => !existsSync(path.join(ROOT, file)),
    );
    expect(missing).toEqual([]);
  });

  test('every known open attack is in the catalogue', () => {
    const names = new Set(ATTACKS.map(({ name }) => name));
    expect(KNOWN_OPEN.filter(({ attack }) => !names.has(attack))).toEqual([]);
  });
});
