import { describe, expect, test } from '@jest/globals';
import { divide, longFiles } from './divide.ts';

describe('files of tests among sandboxes', () => {
  test('each gets about the same time, and each file runs once', () => {
    const seconds = { a: 400, b: 250, c: 150, d: 100, e: 60, f: 40 };
    const parts = divide(['f', 'e', 'd', 'c', 'b', 'a', 'short'], seconds, 3);
    expect(parts).toEqual([['a'], ['b', 'e'], ['c', 'd', 'f', 'short']]);
  });

  test('the order in which jest found the files does not matter', () => {
    const files = ['z', 'y', 'x', 'w', 'v'];
    expect(divide(files, { x: 9 }, 2)).toEqual(divide(files.toReversed(), { x: 9 }, 2));
  });

  test('more sandboxes than files leave some without', () => {
    expect(divide(['one'], {}, 3)).toEqual([['one'], [], []]);
  });

  test('how long a file took is known from its events; short ones are left out', () => {
    const events = [
      { kind: 'file begins', file: 'long', at: 1000 },
      { kind: 'test ends', file: 'long', at: 1500 },
      { kind: 'file ends', file: 'long', at: 2260 },
      { kind: 'file begins', file: 'short', at: 2300 },
      { kind: 'file ends', file: 'short', at: 2600 },
      { kind: 'file begins', file: 'hung', at: 2700 },
      { kind: 'run ends', at: 2800 },
    ];
    expect(longFiles(events)).toEqual({ long: 13 });
  });
});
