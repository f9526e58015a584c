import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = path.join(import.meta.dirname, '../..');

test('docs/events.md lists each reason of an event with its type, and no other', () => {
  const text = readFileSync(path.join(ROOT, 'docs/events.md'), 'utf8');
  const documented = [...text.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, reason, type]) => `${type} ${reason}`);
  const sources = globSync('src/{telemetry,controller}/**/*.ts', { cwd: ROOT }).map((file) =>
    readFileSync(path.join(ROOT, file), 'utf8'),
  );
  const told = sources.flatMap((source) =>
    [...source.matchAll(/type: '(\w+)',\s*reason: '(\w+)'/g)].map(([, type, reason]) => `${type} ${reason}`),
  );
  expect(told.length).toBeGreaterThan(5);
  expect(documented.toSorted()).toEqual([...new Set(told)].toSorted());
});
