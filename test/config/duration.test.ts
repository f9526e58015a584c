import { expect, test } from '@jest/globals';
import { readDuration } from '../../src/config/duration.ts';

test.each([
  ['500ms', 500],
  ['5s', 5000],
  ['1.5m', 90_000],
  ['1h', 3_600_000],
  ['0s', 0],
])('readDuration reads %s', (text, ms) => {
  expect(readDuration(text)).toBe(ms);
});

test.each(['', '5', 's', '5 s', '5S', '-5s', '1e3s', '1m30s', '.5s', '5constructor'])(
  'readDuration refuses "%s"',
  (text) => {
    expect(readDuration(text)).toBeUndefined();
  },
);
