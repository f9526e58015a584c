import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ATTACKS } from '../attacks/catalogue/all.ts';
import { ELSEWHERE } from '../attacks/catalogue/elsewhere.ts';
import { KNOWN_OPEN } from '../attacks/known-open.ts';
import { attackDocument } from '../attacks/run/table.ts';

const ROOT = path.join(import.meta.dirname, '../..');

describe('the catalogue of attacks', () => {
  test('docs/attacks.md is what the catalogue says', () => {
    expect(readFileSync(path.join(ROOT, 'docs/attacks.md'), 'utf8')).toBe(attackDocument(ATTACKS, ELSEWHERE));
  });

  test('every name is there once', () => {
    const names = [...ATTACKS, ...ELSEWHERE].map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test('every test that is named exists', () => {
    const missing = ELSEWHERE.flatMap(({ test: file }) => file ?? []).filter(
      (file) => !existsSync(path.join(ROOT, file)),
    );
    expect(missing).toEqual([]);
  });

  test('what is known to be open is an attack', () => {
    const names = new Set(ATTACKS.map(({ name }) => name));
    expect(KNOWN_OPEN.filter(({ attack }) => !names.has(attack))).toEqual([]);
  });
});
