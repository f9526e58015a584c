import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryWorld, toSnapshot } from '../trace/arbitrary-world.ts';
import { classVerdicts, pairwiseVerdicts, reachOf } from './pairwise.ts';

/** FC_SEED looks elsewhere; FC_WORLDS=10000 looks at that many clusters. */
const SEED = Number(process.env['FC_SEED'] ?? 20_262);
const WORLDS = Number(process.env['FC_WORLDS'] ?? 300);

test('the matrix by classes is the one that asks each pair, in generated clusters', () => {
  let compared = 0;
  let folded = 0;
  fc.assert(
    fc.property(arbitraryWorld, (world) => {
      const snapshot = toSnapshot(world);
      const reach = reachOf(snapshot);
      const pairwise = pairwiseVerdicts(snapshot);
      expect(classVerdicts(reach)).toEqual(pairwise);
      compared += pairwise.size;
      folded += reach.classOf.size - reach.classes.length;
    }),
    { seed: SEED, numRuns: WORLDS },
  );
  expect(compared).toBeGreaterThan(WORLDS);
  // Classes that always had one pod would prove nothing.
  expect(folded).toBeGreaterThan(WORLDS / 10);
});
