import { expect, test } from '@jest/globals';
import { readRetryAfter } from '../../../src/cluster/api/retry-after.ts';

const NOW = Date.UTC(2026, 0, 1);

test.each([
  ['0', undefined, 0],
  ['17', undefined, 17_000],
  [' 17 ', undefined, 17_000],
  ['Thu, 01 Jan 2026 00:00:09 GMT', undefined, 9_000],
  ['Thu, 01 Jan 2026 00:00:09 GMT', 'Thu, 01 Jan 2026 00:00:07 GMT', 2_000],
  ['Thu, 01 Jan 2026 00:00:09 GMT', 'no date', 9_000],
  // The two older forms of a date.
  ['Thursday, 01-Jan-26 00:00:09 GMT', undefined, 9_000],
  ['Thu Jan  1 00:00:09 2026', undefined, 9_000],
  ['Thu Jan  1 00:00:09 2026', 'Thu Jan  1 00:00:00 2026', 9_000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', undefined, 0],
  ['soon', undefined, undefined],
  ['-1', undefined, undefined],
  ['1.5', undefined, undefined],
  ['12345678', undefined, undefined],
  ['', undefined, undefined],
])('Retry-After %j is read relative to the answer’s date %j', (value, date, ms) => {
  expect(readRetryAfter({ 'retry-after': value, ...(date === undefined ? {} : { date }) }, NOW)).toBe(ms);
});

test('a missing or invalid Retry-After asks for nothing', () => {
  expect(readRetryAfter({}, NOW)).toBeUndefined();
});
