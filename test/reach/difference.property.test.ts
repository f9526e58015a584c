import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryWorld, toSnapshot } from '../trace/arbitrary-world.ts';
import { classDifference, naiveDifference, outsideMistakes, podChanges } from './naive-difference.ts';
import { worldParts } from './world-parts.ts';

/** FC_SEED looks elsewhere; FC_WORLDS=10000 looks at that many pairs of clusters. */
const SEED = Number(process.env['FC_SEED'] ?? 20_263);
const PARTS = worldParts(Number(process.env['FC_WORLDS'] ?? 300), SEED);

test.each(PARTS)(
  'diff is the difference of two matrices that ask each pair, in $worlds clusters of seed $seed whose policies change',
  ({ seed, worlds }) => {
    let changes = 0;
    let outside = 0;
    fc.assert(
      fc.property(arbitraryWorld, arbitraryWorld, (world, other) => {
        const before = toSnapshot(world);
        // The same pods, other policies and labels of namespaces.
        const after = toSnapshot({ ...other, pods: world.pods });
        const difference = classDifference(before, after);
        const expected = naiveDifference(before, after);
        expect(podChanges(difference)).toEqual(expected);
        const { wrong, asked } = outsideMistakes(difference, before, after);
        expect(wrong).toEqual([]);
        changes += expected.length;
        outside += asked;
      }),
      { seed, numRuns: worlds },
    );
    expect(changes).toBeGreaterThan(worlds);
    expect(outside).toBeGreaterThan(worlds);
  },
);

test.each(PARTS)(
  'diff names pods that only one state has, and compares the others, in $worlds clusters of seed $seed',
  ({ seed, worlds }) => {
    let moved = 0;
    fc.assert(
      fc.property(arbitraryWorld, arbitraryWorld, (world, other) => {
        const [before, after] = [toSnapshot(world), toSnapshot(other)];
        const difference = classDifference(before, after);
        expect(podChanges(difference)).toEqual(naiveDifference(before, after));
        moved += difference.added.length + difference.removed.length;
      }),
      { seed, numRuns: Math.ceil(worlds / 3) },
    );
    expect(moved).toBeGreaterThan(worlds / 10);
  },
);
