import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { CONDITION_REASONS } from '../../src/cluster/condition/reasons.ts';
import { pathsOf, sampleReport, withoutKind } from '../agent/sample-report.ts';

const text = readFileSync(path.join(import.meta.dirname, '../../docs/operating.md'), 'utf8');

const fieldsIn = (section: string): readonly string[] => {
  const [, after = ''] = text.split(`### ${section}\n`);
  const [table = ''] = after.split('\n#');
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, field]) => field ?? '');
};

test('docs/operating.md has the reasons of the pods’ condition with their status, the weightiest first', () => {
  const [, after = ''] = text.split('### Reasons\n');
  const [table = ''] = after.split('\n#');
  const rows = [...table.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, reason, status]) => [reason, status]);
  expect(rows).toEqual(Object.entries(CONDITION_REASONS));
});

test('docs/operating.md documents each field of the status report, and no other', () => {
  const fields = pathsOf(sampleReport()).map(withoutKind);
  expect(fieldsIn('Fields of the report').toSorted()).toEqual([...new Set(fields)].toSorted());
});
