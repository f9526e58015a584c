import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryWorld, toSnapshot } from '../trace/arbitrary-world.ts';
import { classDifference, naiveDifference, outsideMistakes, podChanges } from './naive-difference.ts';

/** FC_SEED looks elsewhere; FC_WORLDS=10000 looks at that many pairs of clusters. */
const SEED = Number(process.env['FC_SEED'] ?? 20_263);
const WORLDS = Number(process.env['FC_WORLDS'] ?? 300);

test('diff is the difference of two matrices that ask each pair, in generated clusters whose policies change', () => {
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
    { seed: SEED, numRuns: WORLDS },
  );
  expect(changes).toBeGreaterThan(WORLDS);
  expect(outside).toBeGreaterThan(WORLDS);
});

test('diff names pods that only one state has, and compares the others', () => {
  let moved = 0;
  fc.assert(
    fc.property(arbitraryWorld, arbitraryWorld, (world, other) => {
      const [before, after] = [toSnapshot(world), toSnapshot(other)];
      const difference = classDifference(before, after);
      expect(podChanges(difference)).toEqual(naiveDifference(before, after));
      moved += difference.added.length + difference.removed.length;
    }),
    { seed: SEED, numRuns: Math.ceil(WORLDS / 3) },
  );
  expect(moved).toBeGreaterThan(WORLDS / 10);
});
