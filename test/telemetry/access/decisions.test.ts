import { expect, test } from '@jest/globals';
import { createDecisions } from '../../../src/telemetry/access/decisions.ts';

test('up to a fixed number of decisions is kept, and the oldest go first', () => {
  const decisions = createDecisions({ entries: 3, lifetimeMs: 1_000 }, () => 0);
  for (const token of ['a', 'b', 'c', 'a', 'd']) decisions.put(token, '/metrics', 'allowed');
  expect(['a', 'b', 'c', 'd'].map((token) => decisions.get(token, '/metrics'))).toEqual([
    'allowed',
    undefined,
    'allowed',
    'allowed',
  ]);
});

test('a decision on one path does not count for another', () => {
  const decisions = createDecisions({ entries: 3, lifetimeMs: 1_000 }, () => 0);
  decisions.put('a', '/metrics', 'allowed');
  expect(decisions.get('a', '/status')).toBeUndefined();
});
