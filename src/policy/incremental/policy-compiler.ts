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
import { createMemberRecord, type MemberChanges, createPeers } from './peers.ts';
import { createNamespaceIndex } from './namespace-index.ts';
import { createPodIndex, createPortNames } from './pod-index.ts';
import { createPodStore, type PodChanges } from './pod-store.ts';
import { createPolicyStore } from './policy-store.ts';
import { createSubjects } from './subjects.ts';

/** The changes of one update to the node's policy. */
export interface PolicyDelta {
  readonly isolations: IsolationChanges;
  /** Changes to members of peers that existed before. */
  readonly members: MemberChanges;
  /** The addresses of pods that came, changed or went: their port names may have changed. */
  readonly addresses: ReadonlySet<string>;
}

/** The result of an update, and the pods that it removed or changed, as they were before, without those on the host network. */
export interface PolicyUpdate extends PolicyDelta {
  readonly gone: readonly PodEndpoint[];
}

/** Works out what the cluster's policies ask of one node, and keeps it up to date. */
export interface PolicyCompiler {
  /**
   * Takes changes. The work depends on the changes and the node's own pods, not on the cluster's size.
   * @param isForSmall whether long work must wait for further updates, see isUnfinished
   */
  update(snapshot: ClusterSnapshot, changes: ClusterChanges, isForSmall?: boolean): PolicyUpdate;
  /** As of the last update; valid until the next one. */
  policy(): NodePolicy;
  /** Returns the faults of all policies; the same list until one changes. */
  faults(): readonly PolicyFault[];
  /** Returns the number of isolated pods of the node. */
  isolatedPods(): Readonly<Record<Direction, number>>;
  /** Returns the pods that are closed in both directions; the same list until it changes. */
  closedPods(): readonly PodEndpoint[];
  /** Who has the address; undefined where no pod claims it. */
  ownershipOf(address: string): Ownership | undefined;
  /** The pods that may have the address. */
  podsAt(address: string): readonly PodEndpoint[];
  /** Returns the isolations of all pods that may own the address: each must allow its traffic. */
  isolationsAt(direction: Direction, address: string): readonly Isolation[];
  /** Reports whether some policies allow nothing yet because their turn is to come. An update without changes continues. */
  isUnfinished(): boolean;
}

/** Returns the keys whose object differs from the known one. */
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
 * @param limits limits of the policies' usage of the node
 */
export const createPolicyCompiler = (node: string | undefined, limits: Limits = DEFAULT_LIMITS): PolicyCompiler => {
  const book = createAddressBook();
  const podStore = createPodStore(book);
  const pods = createPodIndex();
  const namespaces = createNamespaceIndex();
  const peers = createPeers(pods, namespaces);
  const portNames = createPortNames(pods);
  /** Namespaces of subjects that are added next. */
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
      // Addresses are removed before they are added: one may pass from one pod to another.
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
