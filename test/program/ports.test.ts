import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeRanges, type PortRange } from '../../src/model/port-range.ts';
import { chunkRanges, isEveryPort } from '../../src/program/ports.ts';

const one = (port: number): PortRange => ({ from: port, to: port });

const range: fc.Arbitrary<PortRange> = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 6 }))
  .map(([from, more]) => ({ from, to: from + more }));

const ranges = fc.array(range, { maxLength: 40 });

const numbers = (all: readonly PortRange[]): ReadonlySet<number> =>
  new Set(all.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at)));

const places = (all: readonly PortRange[]): number => all.reduce((sum, { from, to }) => sum + (from === to ? 1 : 2), 0);

describe('merging', () => {
  test('mergeRanges joins ranges that overlap or touch, in order', () => {
    expect(mergeRanges([one(443), { from: 90, to: 100 }, one(80), { from: 95, to: 120 }, one(121), one(123)])).toEqual([
      one(80),
      { from: 90, to: 121 },
      one(123),
      one(443),
    ]);
    expect(
      mergeRanges([
        { from: 1, to: 10 },
        { from: 2, to: 3 },
      ]),
    ).toEqual([{ from: 1, to: 10 }]);
    expect(mergeRanges([])).toEqual([]);
  });

  test('mergeRanges keeps the same ports in the fewest ranges', () => {
    fc.assert(
      fc.property(ranges, (given) => {
        const merged = mergeRanges(given);
        expect(numbers(merged)).toEqual(numbers(given));
        for (const [at, { from }] of merged.entries()) {
          if (at > 0) expect(from).toBeGreaterThan((merged[at - 1]?.to ?? 0) + 1);
        }
      }),
    );
  });

  test('mergeRanges recognizes every port', () => {
    expect(
      isEveryPort(
        mergeRanges([
          { from: 1, to: 32_767 },
          { from: 32_768, to: 65_535 },
        ]),
      ),
    ).toBe(true);
    expect(isEveryPort(mergeRanges([{ from: 1, to: 65_534 }]))).toBe(false);
    expect(isEveryPort(mergeRanges([{ from: 2, to: 65_535 }]))).toBe(false);
    expect(isEveryPort([])).toBe(false);
  });
});

describe('chunks', () => {
  test.each([
    [15, [15]],
    [16, [15, 1]],
    [31, [15, 15, 1]],
  ])('%i ports are split into matches of %j', (count, expected) => {
    const chunks = chunkRanges(Array.from({ length: count }, (_, at) => one(2 * at + 1)));
    expect(chunks.map((chunk) => chunk.length)).toEqual(expected);
  });

  test('a range takes two places, and is not split', () => {
    const apart = Array.from({ length: 8 }, (_, at) => ({ from: 10 * at + 1, to: 10 * at + 5 }));
    expect(chunkRanges(apart).map((chunk) => chunk.length)).toEqual([7, 1]);
    const mixed = [...Array.from({ length: 14 }, (_, at) => one(2 * at + 1)), { from: 100, to: 200 }];
    expect(chunkRanges(mixed).map((chunk) => chunk.length)).toEqual([14, 1]);
  });

  test('chunks keep everything in order, with up to fifteen places each', () => {
    fc.assert(
      fc.property(ranges, (given) => {
        const merged = mergeRanges(given);
        const chunks = chunkRanges(merged);
        expect(chunks.flat()).toEqual(merged);
        for (const chunk of chunks) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(places(chunk)).toBeLessThanOrEqual(15);
        }
      }),
    );
  });
});
