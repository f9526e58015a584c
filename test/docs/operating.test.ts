import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { pathsOf, sampleReport } from '../agent/sample-report.ts';

const text = readFileSync(path.join(import.meta.dirname, '../../docs/operating.md'), 'utf8');

const fieldsIn = (section: string): readonly string[] => {
  const [, after = ''] = text.split(`### ${section}\n`);
  const [table = ''] = after.split('\n#');
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, field]) => field ?? '');
};

/** Kinds of objects and families repeat: their fields are documented once. */
const general = (field: string): string => field.replace(/\.(?:pods|namespaces|networkpolicies)(?=\.|$)/, '.KIND');

test('docs/operating.md documents each field of the status report, and no other', () => {
  const fields = pathsOf(sampleReport()).map((field) => (/^(?:api|generation)\./.test(field) ? general(field) : field));
  expect(fieldsIn('Fields of the report').toSorted()).toEqual([...new Set(fields)].toSorted());
});
