import { expect, test } from '@jest/globals';
import { SEVERITY } from '../../src/check/finding.ts';
import type { PlacedFinding } from '../../src/cli/check/placed-finding.ts';
import { runVerbs } from '../support/run-verbs.ts';
import { WRONG_POLICIES } from './wrong-policies.ts';

const findingsIn = async (file: string): Promise<readonly PlacedFinding[]> => {
  const { out } = await runVerbs('check', file, '-o', 'json');
  return (JSON.parse(out) as { readonly findings: readonly PlacedFinding[] }).findings;
};

test.each(WRONG_POLICIES)('check finds the mistake in $name, and nothing else', async ({ file, finds }) => {
  const found = (await findingsIn(file)).map(({ code, field }) => `${code} ${field ?? ''}`.trim());
  expect(found.toSorted()).toEqual(finds);
});

test('every code about policies has an example policy with that finding', () => {
  const found = new Set(WRONG_POLICIES.flatMap(({ finds }) => finds.map((find) => find.split(' ')[0])));
  // A policy of ten thousand rules is made in the test of the limit.
  expect(Object.keys(SEVERITY).filter((code) => !found.has(code) && code !== 'too-large')).toEqual([]);
  expect(WRONG_POLICIES.length).toBeGreaterThanOrEqual(60);
});
