import type { PeerSpec } from '../parsed.ts';
import { describeSelector, selectorKey, selects } from '../selector.ts';
import type { LabelSelector } from '../../model/labels.ts';
import type { NamespaceEntry } from '../../model/namespace.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { familyOf } from '../cidr.ts';
import type { Peer } from '../node-policy.ts';
import type { NamespaceIndex, Selection } from './namespace-index.ts';
import type { PodIndex } from './pod-index.ts';

/** The members that were added to a set and removed from it; none is in both. */
export interface MemberChange {
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

/** By the set itself, which has changed already. Unchanged sets may be missing or have an empty change. */
export type MemberChanges = ReadonlyMap<ReadonlySet<string>, MemberChange>;

/** Changes sets and records the net changes. */
export interface MemberRecord {
  add(set: Set<string>, member: string): void;
  remove(set: Set<string>, member: string): void;
  changes(): MemberChanges;
}

interface OpenChange {
  readonly added: Set<string>;
  readonly removed: Set<string>;
}

export const createMemberRecord = (): MemberRecord => {
  const changes = new Map<ReadonlySet<string>, OpenChange>();

  const changeOf = (set: ReadonlySet<string>): OpenChange => {
    const known = changes.get(set);
    if (known !== undefined) return known;
    const change: OpenChange = { added: new Set(), removed: new Set() };
    changes.set(set, change);
    return change;
  };

  return {
    add(set, member) {
      if (set.has(member)) return;
      set.add(member);
      const { added, removed } = changeOf(set);
      if (!removed.delete(member)) added.add(member);
    },
    remove(set, member) {
      if (!set.delete(member)) return;
      const { added, removed } = changeOf(set);
      if (!added.delete(member)) removed.add(member);
    },
    changes: () => changes,
  };
};

/** Returns text that is equal exactly for peers that select by the same rule. `namespace` is the policy's own. */
const peerKey = ({ podSelector, namespaceSelector }: PodsSpec, namespace: string): string =>
  JSON.stringify([
    namespaceSelector === undefined ? { name: namespace } : { selector: selectorKey(namespaceSelector) },
    podSelector === undefined ? '[]' : selectorKey(podSelector),
  ]);

/** Describes the selection for people. */
export const describePeer = ({ podSelector, namespaceSelector }: PodsSpec, namespace: string): string => {
  const labels = podSelector === undefined ? '' : describeSelector(podSelector);
  const pods = labels === '' ? 'all pods' : `pods ${labels}`;
  if (namespaceSelector === undefined) return `${pods} in namespace ${namespace}`;
  const namespaces = describeSelector(namespaceSelector);
  return namespaces === '' ? `${pods} in all namespaces` : `${pods} in namespaces ${namespaces}`;
};

type PodsSpec = Extract<PeerSpec, { kind: 'pods' }>;
type PodsPeer = Extract<Peer, { kind: 'pods' }>;

/** The peers of the rules in use, with their members kept up to date. */
export interface Peers {
  /**
   * Returns a peer, to be released as often as acquired. `namespace` is the policy's own, which a peer without
   * namespaceSelector means.
   */
  acquire(spec: PodsSpec, namespace: string): PodsPeer;
  release(peer: PodsPeer): void;
  /** Removes a pod that is gone or has changed. */
  removePod(pod: PodEndpoint, record: MemberRecord): void;
  addPod(pod: PodEndpoint, record: MemberRecord): void;
  /** Adds, changes or removes a namespace; the index of pods stays as it is. */
  changeNamespace(name: string, entry: NamespaceEntry | undefined, record: MemberRecord): void;
  /** Forgets peers that were released and not acquired again. */
  sweep(): void;
}

interface LivePeer {
  readonly peer: PodsPeer;
  readonly addresses: Readonly<Record<'ipv4' | 'ipv6', Set<string>>>;
  readonly podSelector: LabelSelector | undefined;
  readonly place: Place;
  uses: number;
}

/** A group of namespaces, and the peers that mean it. */
interface Place {
  readonly names: ReadonlySet<string>;
  readonly selection: Selection | undefined;
  readonly peers: Set<LivePeer>;
}

export const createPeers = (pods: PodIndex, namespaces: NamespaceIndex): Peers => {
  const live = new Map<string, LivePeer>();
  /** Places of a single namespace, by its name. */
  const ownPlaces = new Map<string, Place>();
  const selectedPlaces = new Map<Selection, Place>();
  const released = new Set<LivePeer>();

  const placeOf = ({ namespaceSelector }: PodsSpec, own: string): Place => {
    if (namespaceSelector === undefined) {
      const place = ownPlaces.get(own) ?? { names: new Set([own]), selection: undefined, peers: new Set() };
      ownPlaces.set(own, place);
      return place;
    }
    const selection = namespaces.follow(namespaceSelector);
    const place = selectedPlaces.get(selection) ?? { names: selection.names, selection, peers: new Set() };
    selectedPlaces.set(selection, place);
    return place;
  };

  const means = ({ podSelector }: LivePeer, pod: PodEndpoint): boolean =>
    podSelector === undefined || selects(podSelector, pod.labels);

  const create = (key: string, spec: PodsSpec, own: string): LivePeer => {
    const place = placeOf(spec, own);
    const addresses = { ipv4: new Set<string>(), ipv6: new Set<string>() };
    for (const pod of pods.select(place.names, spec.podSelector)) {
      for (const ip of pod.ips) addresses[familyOf(ip)].add(ip);
    }
    const peer: PodsPeer = { kind: 'pods', key, text: describePeer(spec, own), addresses };
    const entry: LivePeer = { peer, addresses, podSelector: spec.podSelector, place, uses: 0 };
    place.peers.add(entry);
    live.set(key, entry);
    return entry;
  };

  const drop = (entry: LivePeer): void => {
    const { place, peer } = entry;
    live.delete(peer.key);
    place.peers.delete(entry);
    if (place.peers.size > 0) return;
    if (place.selection === undefined) for (const name of place.names) ownPlaces.delete(name);
    else {
      selectedPlaces.delete(place.selection);
      namespaces.unfollow(place.selection);
    }
  };

  function* peersOf(pod: PodEndpoint): Generator<LivePeer> {
    for (const entry of ownPlaces.get(pod.namespace)?.peers ?? []) if (means(entry, pod)) yield entry;
    for (const { names, peers } of selectedPlaces.values()) {
      if (names.has(pod.namespace)) for (const entry of peers) if (means(entry, pod)) yield entry;
    }
  }

  const change = ({ addresses }: LivePeer, pod: PodEndpoint, apply: MemberRecord['add']): void => {
    for (const ip of pod.ips) apply(addresses[familyOf(ip)], ip);
  };

  return {
    acquire(spec, namespace) {
      const key = peerKey(spec, namespace);
      const entry = live.get(key) ?? create(key, spec, namespace);
      entry.uses += 1;
      return entry.peer;
    },
    release({ key }) {
      const entry = live.get(key);
      if (entry === undefined) return;
      entry.uses -= 1;
      if (entry.uses === 0) released.add(entry);
    },
    removePod(pod, record) {
      for (const entry of peersOf(pod)) change(entry, pod, record.remove);
    },
    addPod(pod, record) {
      for (const entry of peersOf(pod)) change(entry, pod, record.add);
    },
    changeNamespace(name, entry, record) {
      for (const selection of namespaces.change(name, entry)) {
        const apply = selection.names.has(name) ? record.add : record.remove;
        for (const peer of selectedPlaces.get(selection)?.peers ?? []) {
          for (const pod of pods.inNamespace(name)) if (means(peer, pod)) change(peer, pod, apply);
        }
      }
    },
    sweep() {
      for (const entry of released) if (entry.uses === 0) drop(entry);
      released.clear();
    },
  };
};
