import { createAddressBook, type SettledPod } from '../../addresses/address-book.ts';
import type { Ownership } from '../../addresses/find-owners.ts';
import type { ClusterChanges } from '../../model/cluster-change.ts';
import type { Direction } from '../../model/direction.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { PolicyKey } from '../../model/policy-object.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { PolicyFault } from '../fault.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import type { Isolation, NodePolicy } from '../node-policy.ts';
import { createBudget } from './budget.ts';
import { createGroups, type IsolationChanges } from './groups.ts';
import { createMemberRecord, type MemberChanges } from './member-changes.ts';
import { createNamespaceIndex } from './namespace-index.ts';
import { createPeers } from './peers.ts';
import { createPodIndex } from './pod-index.ts';
import { createPodStore, type PodChanges } from './pod-store.ts';
import { createPolicyStore } from './policy-store.ts';
import { createPortNames } from './port-names.ts';
import { createSubjects } from './subjects.ts';

/** What an update did to the policy of the node. */
export interface PolicyDelta {
  readonly isolations: IsolationChanges;
  /** Of peers that were there before. */
  readonly members: MemberChanges;
  /** The addresses of pods that came, changed or went: ports may have changed their names there. */
  readonly addresses: ReadonlySet<string>;
}

/** What an update did, and the pods that went or changed in it, as they were; those on the host network left out. */
export interface PolicyUpdate extends PolicyDelta {
  readonly gone: readonly PodEndpoint[];
}

/** Works out what the cluster's policies ask of one node, and keeps it up to date. */
export interface PolicyCompiler {
  /**
   * Takes what changed. The work depends on the changes and on the node's own pods, not on the cluster's size.
   * @param isForSmall what takes long has to wait for further updates, see isUnfinished
   */
  update(snapshot: ClusterSnapshot, changes: ClusterChanges, isForSmall?: boolean): PolicyUpdate;
  /** As of the last update; valid until the next one. */
  policy(): NodePolicy;
  /** Of all policies; the same list until one changes. */
  faults(): readonly PolicyFault[];
  /** Pods of the node that some policy isolates. */
  isolatedPods(): Readonly<Record<Direction, number>>;
  /** What is closed in both directions; the same list until it is another. */
  closedPods(): readonly PodEndpoint[];
  /** Who has the address; undefined where no pod claims it. */
  ownershipOf(address: string): Ownership | undefined;
  /** The pods that may have the address. */
  podsAt(address: string): readonly PodEndpoint[];
  /** Those of the pods that may have the address: each has to allow what goes to or comes from it. */
  isolationsAt(direction: Direction, address: string): readonly Isolation[];
  /** Some policies allow nothing yet, for their turn is to come: an update without changes goes on. */
  isUnfinished(): boolean;
}

/** The keys whose object is not the one that is known. */
const differing = <K extends string, T>(
  known: Iterable<K>,
  get: (key: K) => T | undefined,
  now: ReadonlyMap<K, T>,
): readonly K[] => {
  const keys: K[] = [];
  for (const key of known) if (!now.has(key)) keys.push(key);
  for (const [key, value] of now) if (get(key) !== value) keys.push(key);
  return keys;
};

/**
 * @param node the node whose pods are the subjects; undefined for the pods of all nodes.
 * @param limits what policies may ask of the node
 */
export const createPolicyCompiler = (node: string | undefined, limits: Limits = DEFAULT_LIMITS): PolicyCompiler => {
  const book = createAddressBook();
  const podStore = createPodStore(book);
  const pods = createPodIndex();
  const namespaces = createNamespaceIndex();
  const peers = createPeers(pods, namespaces);
  const portNames = createPortNames(pods);
  /** Namespaces of subjects that are about to be added. */
  let expected: ReadonlySet<string> = new Set();
  const policies = createPolicyStore((namespace) => expected.has(namespace) || subjects.hasAny(namespace));
  const groups = createGroups();
  let podCount = 0;
  const budget = createBudget(limits, () => podCount);
  const subjects = createSubjects({
    policies,
    groups,
    peers,
    portNames,
    budget,
    podCount: () => podCount,
    looks: pods.looks,
  });
  let faults: {
    readonly read: readonly PolicyFault[];
    readonly over: readonly PolicyFault[];
    all: readonly PolicyFault[];
  } = {
    read: [],
    over: [],
    all: [],
  };
  let policy: NodePolicy | undefined;

  const allFaults = (): readonly PolicyFault[] => {
    const read = policies.faults();
    const over = budget.faults();
    if (over.length === 0) return read;
    if (faults.read !== read || faults.over !== over) faults = { read, over, all: [...read, ...over] };
    return faults.all;
  };

  const isSubject = (pod: PodEndpoint): boolean => node === undefined || pod.node === node;
  const canBePeer = (pod: PodEndpoint): boolean => pod.closed === undefined;

  const changePods = (snapshot: ClusterSnapshot, changes: ClusterChanges): PodChanges => {
    const uids = changes === 'everything' ? differing(podStore.uids(), podStore.reported, snapshot.pods) : changes.pods;
    const { gone, come } = podStore.change(uids, (uid) => snapshot.pods.get(uid));
    const hasOwnAddresses = ({ subject }: SettledPod): boolean => !subject.hostNetwork;
    return { gone: gone.filter(hasOwnAddresses), come: come.filter(hasOwnAddresses) };
  };

  const changedNamespaces = (snapshot: ClusterSnapshot, changes: ClusterChanges): Iterable<string> =>
    changes === 'everything' ? differing(namespaces.names(), namespaces.get, snapshot.namespaces) : changes.namespaces;

  const changedPolicies = (snapshot: ClusterSnapshot, changes: ClusterChanges): Iterable<PolicyKey> =>
    changes === 'everything'
      ? differing(policies.keys(), (key) => policies.get(key)?.object, snapshot.policies)
      : (changes.networkpolicies as ReadonlySet<PolicyKey>);

  return {
    update(snapshot, changes, isForSmall) {
      const record = createMemberRecord();
      const { gone, come } = changePods(snapshot, changes);
      // An address goes before it comes: it may pass from one pod to another.
      for (const { subject, peer } of gone) {
        if (isSubject(subject)) subjects.remove(subject);
        if (!canBePeer(peer)) continue;
        pods.remove(peer);
        portNames.removePod(peer);
        peers.removePod(peer, record);
      }
      for (const name of changedNamespaces(snapshot, changes)) {
        peers.changeNamespace(name, snapshot.namespaces.get(name), record);
      }
      for (const { peer } of come) {
        if (!canBePeer(peer)) continue;
        pods.add(peer);
        portNames.addPod(peer);
        peers.addPod(peer, record);
      }
      const local = come.map(({ subject }) => subject).filter(isSubject);
      expected = new Set(local.map(({ namespace }) => namespace));
      for (const key of changedPolicies(snapshot, changes)) {
        const before = policies.get(key);
        const object = snapshot.policies.get(key);
        if (before?.object === object) continue;
        subjects.changePolicy(before, policies.put(key, object));
      }
      for (const pod of local) subjects.add(pod);
      expected = new Set();
      policy = undefined;
      podCount += come.length - gone.length;
      const members = record.changes();
      let moved = 0;
      for (const { added } of members.values()) moved += added.size;
      const isolations = subjects.takeChanges(gone.length > 0 ? Math.max(1, moved) : moved, isForSmall);
      policies.settle(subjects.uses);
      return {
        isolations,
        members,
        addresses: new Set([...gone, ...come].flatMap(({ subject }) => subject.ips)),
        gone: gone.map(({ subject }) => subject),
      };
    },
    policy: () => (policy ??= { isolations: groups.isolations(), faults: allFaults() }),
    faults: allFaults,
    isolatedPods: () => ({ ingress: groups.count('ingress'), egress: groups.count('egress') }),
    closedPods: groups.closedPods,
    ownershipOf: book.ownershipOf,
    podsAt: podStore.at,
    isolationsAt: (direction, address) =>
      podStore.at(address).flatMap(({ uid }) => groups.isolationOf(direction, uid) ?? []),
    isUnfinished: subjects.isUnfinished,
  };
};
