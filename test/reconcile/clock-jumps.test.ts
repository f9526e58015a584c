import { afterEach, expect, jest, test } from '@jest/globals';
import { createSystemClock } from '../../src/kernel/clock.ts';

/** Every wait and every age is measured with this clock; the wall clock is for people. */

const YEAR_MS = 365 * 24 * 3_600_000;

afterEach(() => {
  jest.restoreAllMocks();
});

test.each([YEAR_MS, -YEAR_MS])('a wall clock that jumps by %i ms changes no deadline', async (jump) => {
  const clock = createSystemClock();
  const before = clock.now();
  const fired = new Promise<void>((resolve) => {
    clock.after(50, resolve);
  });
  const real = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => real() + jump);
  const jumped = clock.now() - before;
  expect(jumped).toBeGreaterThanOrEqual(0);
  expect(jumped).toBeLessThan(YEAR_MS / 2);
  await fired;
  expect(clock.now() - before).toBeGreaterThanOrEqual(49);
});
