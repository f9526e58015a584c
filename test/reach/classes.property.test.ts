import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { arbitraryWorld, toSnapshot } from '../trace/arbitrary-world.ts';
import { classVerdicts, pairwiseVerdicts, reachOf } from './pairwise.ts';
import { worldParts } from './world-parts.ts';

/** FC_SEED looks elsewhere; FC_WORLDS=10000 looks at that many clusters. */
const SEED = Number(process.env['FC_SEED'] ?? 20_262);
const PARTS = worldParts(Number(process.env['FC_WORLDS'] ?? 300), SEED);

test.each(PARTS)(
  'the matrix by classes is the one that asks each pair, in $worlds clusters of seed $seed',
  ({ seed, worlds }) => {
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
      { seed, numRuns: worlds },
    );
    expect(compared).toBeGreaterThan(worlds);
    // Classes that always had one pod would prove nothing.
    expect(folded).toBeGreaterThan(worlds / 10);
  },
);

/** The first pod claims the address of the last one, or of its node: nothing that a cluster should have, but may have. */
const withClaimOf = (snapshot: ClusterSnapshot, what: 'pod' | 'node'): ClusterSnapshot => {
  const pods = [...snapshot.pods.values()].filter((pod) => !pod.hostNetwork && pod.ips.length > 0);
  const [first, last] = [pods[0], pods.at(-1)];
  if (first === undefined || last === undefined || first === last) return snapshot;
  const ips = what === 'pod' ? last.ips : last.hostIPs;
  return { ...snapshot, pods: new Map(snapshot.pods).set(first.uid, { ...first, ips }) };
};

test.each((['pod', 'node'] as const).flatMap((what) => PARTS.map((part) => ({ what, ...part }))))(
  'the matrix by classes is the one that asks each pair also if a pod claims the address of another $what, in $worlds clusters of seed $seed',
  ({ what, seed, worlds }) => {
    let compared = 0;
    fc.assert(
      fc.property(arbitraryWorld, (world) => {
        const snapshot = withClaimOf(toSnapshot(world), what);
        const pairwise = pairwiseVerdicts(snapshot);
        expect(classVerdicts(reachOf(snapshot))).toEqual(pairwise);
        compared += pairwise.size;
      }),
      { seed, numRuns: worlds },
    );
    expect(compared).toBeGreaterThan(worlds);
  },
);
