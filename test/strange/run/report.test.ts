import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { CONDITIONS } from '../catalogue/all.ts';

const REPORT = path.join(import.meta.dirname, '../report/report.md');

test('the report that is kept has conditions of the catalogue in their order, and none that did not hold', async () => {
  const report = await readFile(REPORT, 'utf8');
  const names = new Set([...report.matchAll(/^\| `([a-z0-9-]+\/[a-z0-9-]+)` \|/gm)].map(([, name]) => name));
  expect([...names]).toEqual(CONDITIONS.map(({ name }) => name).filter((name) => names.has(name)));
  expect(names.size).toBeGreaterThanOrEqual(25);
  expect(report).not.toContain('**does not hold**');
});

test('no two conditions have one name', () => {
  expect(new Set(CONDITIONS.map(({ name }) => name)).size).toBe(CONDITIONS.length);
});
