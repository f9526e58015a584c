import type { ClusterChanges, ObjectKind } from '../../src/model/cluster-change.ts';
import type { Random } from '../random.ts';
import type { FuzzCluster, FuzzPolicy, RawNamespace, RawPod } from './fuzz-cluster.ts';

/** A cluster between two others, and the changes since the one before. */
export interface WalkState {
  readonly cluster: FuzzCluster;
  readonly changes: ClusterChanges;
}

/** One object is created, changed or deleted. */
interface Move {
  readonly kind: ObjectKind;
  readonly key: string;
  apply(cluster: FuzzCluster): FuzzCluster;
}

const MOST_MOVES_AT_ONCE = 3;

const policyKeyOf = ({ object: { metadata } }: FuzzPolicy): string => `${metadata.namespace}/${metadata.name}`;

const setNamespace = (namespace: RawNamespace): Move => {
  const key = namespace.metadata.name;
  return {
    kind: 'namespaces',
    key,
    apply: (cluster) => ({
      ...cluster,
      namespaces: cluster.namespaces.map((each) => (each.metadata.name === key ? namespace : each)),
    }),
  };
};

const addPod = (pod: RawPod): Move => ({
  kind: 'pods',
  key: pod.metadata.uid,
  apply: (cluster) => ({ ...cluster, pods: [...cluster.pods, pod] }),
});

const removePod = ({ metadata: { uid } }: RawPod): Move => ({
  kind: 'pods',
  key: uid,
  apply: (cluster) => ({ ...cluster, pods: cluster.pods.filter(({ metadata }) => metadata.uid !== uid) }),
});

const setPolicy = (key: string, policy: FuzzPolicy | undefined): Move => ({
  kind: 'networkpolicies',
  key,
  apply: (cluster) => ({
    ...cluster,
    policies: [
      ...cluster.policies.filter((each) => policyKeyOf(each) !== key),
      ...(policy === undefined ? [] : [policy]),
    ],
  }),
});

/** Renames a pod: the pods of the second cluster are other pods, whatever their addresses are. */
const renamed = (pod: RawPod): RawPod => ({
  ...pod,
  metadata: { ...pod.metadata, name: `next-${pod.metadata.name}`, uid: `next-${pod.metadata.uid}` },
});

const movesBetween = (from: FuzzCluster, to: FuzzCluster): readonly Move[] => {
  const policies = new Map(to.policies.map((policy) => [policyKeyOf(policy), policy]));
  const keys = new Set([...from.policies.map(policyKeyOf), ...policies.keys()]);
  return [
    ...to.namespaces.map(setNamespace),
    ...from.pods.map(removePod),
    ...to.pods.map((pod) => addPod(renamed(pod))),
    ...[...keys].map((key) => setPolicy(key, policies.get(key))),
  ];
};

const shuffled = <T>(items: readonly T[], random: Random): readonly T[] =>
  items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);

const keysOf = (moves: readonly Move[], kind: ObjectKind): ReadonlySet<string> =>
  new Set(moves.filter((move) => move.kind === kind).map(({ key }) => key));

/** Returns the states between two clusters, with one or a few changed objects at a time, in random order. */
export const statesBetween = (from: FuzzCluster, to: FuzzCluster, random: Random): readonly WalkState[] => {
  const states: WalkState[] = [{ cluster: from, changes: 'everything' }];
  const moves = [...shuffled(movesBetween(from, to), random)];
  let cluster = from;
  while (moves.length > 0) {
    const now = moves.splice(0, 1 + random.below(MOST_MOVES_AT_ONCE));
    cluster = now.reduce((before, move) => move.apply(before), cluster);
    states.push({
      cluster,
      changes: {
        pods: keysOf(now, 'pods'),
        namespaces: keysOf(now, 'namespaces'),
        networkpolicies: keysOf(now, 'networkpolicies'),
      },
    });
  }
  return states;
};
