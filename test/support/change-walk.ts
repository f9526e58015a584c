import fc from 'fast-check';
import type { ClusterChanges } from '../../src/model/cluster-change.ts';
import type { NamespaceEntry } from '../../src/model/namespace.ts';
import type { Closure, PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyKey, PolicyObject } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { randomCluster } from '../render/random-cluster.ts';

/** Changes some objects to their state in one of a few clusters, or removes them if they are not in it. */
export interface ChangeStep {
  /** Index of the cluster; all have the same names, so that objects change as well as come and go. */
  readonly aim: number;
  /** One number for each object, cyclically: 0 changes it. */
  readonly dice: readonly number[];
  /** Whether the change is unknown, so that anything may have changed. */
  readonly vague: boolean;
}

/** A cluster that changes step by step. */
export interface ChangeWalk {
  readonly clusters: readonly ClusterSnapshot[];
  readonly steps: readonly ChangeStep[];
}

const podTraits = fc.record({
  node: fc.constantFrom('n1', 'n1', 'n2'),
  createdAt: fc.integer({ min: 0, max: 2 }),
  hostNetwork: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
  isTerminating: fc.integer({ min: 0, max: 3 }).map((roll) => roll === 0),
  notedAt: fc.integer({ min: -3, max: 2 }),
  doubted: fc.constantFrom([], [], ['10.1.1.1'], ['10.1.1.2', 'fd00::1']),
  closed: fc.constantFrom<(Closure | undefined)[]>('unknown', 'vanished', undefined, undefined, undefined, undefined),
});

type Traits = typeof podTraits extends fc.Arbitrary<infer T> ? T : never;

const withTraits = (pod: PodEndpoint, traits: Traits | undefined): PodEndpoint => {
  if (traits === undefined) return pod;
  const { node, createdAt, hostNetwork, isTerminating, notedAt, doubted, closed } = traits;
  const isNoted = notedAt >= 0 && !hostNetwork && closed !== 'vanished';
  return {
    ...pod,
    node,
    createdAt,
    hostNetwork,
    ...(isTerminating && { isTerminating }),
    ...(isNoted && { sandbox: { noted: pod.ips, doubted: doubted.filter((ip) => !pod.ips.includes(ip)), notedAt } }),
    ...(closed !== undefined && !hostNetwork && { closed }),
  };
};

/**
 * A cluster of more than one node, some of whose pods come later than others, go, have noted sandboxes, are closed, or share
 * their node's network.
 */
const manyNodes: fc.Arbitrary<ClusterSnapshot> = fc
  .tuple(randomCluster, fc.array(podTraits, { minLength: 7, maxLength: 7 }))
  .map(([snapshot, traits]) => ({
    ...snapshot,
    pods: new Map(
      [...snapshot.pods].map(([uid, pod], at): [string, PodEndpoint] => [uid, withTraits(pod, traits[at % 7])]),
    ),
  }));

export const changeWalk: fc.Arbitrary<ChangeWalk> = fc.record({
  clusters: fc.array(manyNodes, { minLength: 2, maxLength: 3 }),
  steps: fc.array(
    fc.record({
      aim: fc.nat(2),
      dice: fc.array(fc.nat(4), { minLength: 3, maxLength: 7 }),
      vague: fc.integer({ min: 0, max: 7 }).map((roll) => roll === 0),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

/** The live state that a source returns, and the changes of each step. */
export const walkChanges = function* ({ clusters, steps }: ChangeWalk): Generator<{
  readonly snapshot: ClusterSnapshot;
  readonly changes: ClusterChanges;
}> {
  const live = {
    pods: new Map<string, PodEndpoint>(),
    namespaces: new Map<string, NamespaceEntry>(),
    policies: new Map<PolicyKey, PolicyObject>(),
  };
  const snapshot: ClusterSnapshot = live;
  yield { snapshot, changes: 'everything' };
  for (const { aim, dice, vague } of steps) {
    const wanted = clusters[aim % clusters.length];
    if (wanted === undefined) continue;
    let roll = 0;
    const change = <K extends string, T>(now: Map<K, T>, next: ReadonlyMap<K, T>): ReadonlySet<K> => {
      const keys = new Set<K>();
      for (const key of [...new Set([...now.keys(), ...next.keys()])].sort()) {
        roll += 1;
        if (dice[roll % dice.length] !== 0) continue;
        keys.add(key);
        const object = next.get(key);
        if (object === undefined) now.delete(key);
        else now.set(key, object);
      }
      return keys;
    };
    const changes = {
      pods: change(live.pods, wanted.pods),
      namespaces: change(live.namespaces, wanted.namespaces),
      networkpolicies: change(live.policies, wanted.policies),
    };
    yield { snapshot, changes: vague ? 'everything' : changes };
  }
};
