import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { VERBS } from '../../src/cli/verbs.ts';
import { type Setting, variableOf } from '../../src/config/setting.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** Returns the cells of table rows whose first cell begins with the text, without code marks and escapes. */
const rowOf = (start: string): readonly string[] | undefined =>
  readme
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .replaceAll('\\|', '\u0000')
        .split('|')
        .map((cell) => cell.replaceAll('\u0000', '|').replaceAll('`', '').trim()),
    )
    .find(([, first = '']) => first === start || first.startsWith(`${start} `))
    ?.slice(1);

describe('README.md', () => {
  test.each(Object.values<Setting<unknown>>(SETTINGS))('README.md describes --$flag as it is', (setting) => {
    const [flag, variable, initial] = rowOf(`--${setting.flag}`) ?? [];
    expect(flag).toBe(
      setting.placeholder === undefined ? `--${setting.flag}` : `--${setting.flag} ${setting.placeholder}`,
    );
    expect(variable).toBe(variableOf(setting.flag));
    if (setting.initial !== undefined) expect(initial).toBe(setting.initial);
  });

  test.each(VERBS)('README.md explains the verb $name', ({ name }) => {
    expect(rowOf(name)).toBeDefined();
  });
});
