import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { pathsOf, sampleReport, withoutKind } from '../agent/sample-report.ts';

const text = readFileSync(path.join(import.meta.dirname, '../../docs/operating.md'), 'utf8');

const fieldsIn = (section: string): readonly string[] => {
  const [, after = ''] = text.split(`### ${section}\n`);
  const [table = ''] = after.split('\n#');
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, field]) => field ?? '');
};

test('docs/operating.md documents each field of the status report, and no other', () => {
  const fields = pathsOf(sampleReport()).map(withoutKind);
  expect(fieldsIn('Fields of the report').toSorted()).toEqual([...new Set(fields)].toSorted());
});
