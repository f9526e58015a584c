import { expect, test } from '@jest/globals';
import { createBackoff } from '../../../src/cluster/api/backoff.ts';

const waits = (random: number, count: number): number[] => {
  const backoff = createBackoff(200, 1000, () => random);
  return Array.from({ length: count }, () => backoff.next());
};

test('a backoff doubles up to the limit; half of each wait is random', () => {
  expect(waits(0, 5)).toEqual([100, 200, 400, 500, 500]);
  expect(waits(1, 5)).toEqual([200, 400, 800, 1000, 1000]);
});

test('a backoff stays at the limit', () => {
  expect(waits(1, 2000).at(-1)).toBe(1000);
});

test('a backoff starts again after a reset', () => {
  const backoff = createBackoff(200, 1000, () => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(200);
});
