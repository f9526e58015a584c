import { expect, test } from '@jest/globals';
import { SEVERITY } from '../../src/check/finding.ts';
import type { PlacedFinding } from '../../src/cli/check/placed-finding.ts';
import { runVerbs } from '../support/run-verbs.ts';
import { WRONG_POLICIES } from './wrong-policies.ts';

const findingsIn = async (file: string): Promise<readonly PlacedFinding[]> => {
  const { out } = await runVerbs('check', file, '-o', 'json');
  return (JSON.parse(out) as { readonly findings: readonly PlacedFinding[] }).findings;
};

test.each(WRONG_POLICIES)('the mistake in $name is found, and nothing else', async ({ file, finds }) => {
  const found = (await findingsIn(file)).map(({ code, field }) => `${code} ${field ?? ''}`.trim());
  expect(found.toSorted()).toEqual(finds);
});

test('every code that is about a policy has a wrong policy that it is found in', () => {
  const found = new Set(WRONG_POLICIES.flatMap(({ finds }) => finds.map((find) => find.split(' ')[0])));
  // A policy of ten thousand rules is made in the test of the limit.
  expect(Object.keys(SEVERITY).filter((code) => !found.has(code) && code !== 'too-large')).toEqual([]);
  expect(WRONG_POLICIES.length).toBeGreaterThanOrEqual(60);
});
