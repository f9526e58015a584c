import type { Labels, LabelSelector } from '../../model/labels.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { selects } from '../selector.ts';
import type { Protocol } from '../../model/protocol.ts';
import type { PortTargets } from '../node-policy.ts';
import { declares, resolvePort } from '../pod-ports.ts';

interface Labelled {
  readonly labels: Labels;
}

/** A small superset of the objects that a selector selects. */
interface Candidates<T> {
  readonly size: number;
  readonly items: Iterable<T>;
}

/** Finds objects by labels. Indexes only keys that selectors have used, since most labels are in no selector. */
interface LabelIndex<T> {
  add(item: T): void;
  /** Removes an object, given as the same object that was added. */
  remove(item: T): void;
  /** Returns the fewest objects that one requirement of the selector leaves; undefined if no requirement can be looked up. */
  candidates(selector: LabelSelector): Candidates<T> | undefined;
}

interface KeyIndex<T> {
  readonly byValue: Map<string, Set<T>>;
  /** Number of objects that have the key. */
  size: number;
}

/** @param all returns all current objects; used to index a key on its first use */
export const createLabelIndex = <T extends Labelled>(all: () => Iterable<T>): LabelIndex<T> => {
  const byKey = new Map<string, KeyIndex<T>>();

  const addTo = (index: KeyIndex<T>, value: string | undefined, item: T): void => {
    if (value === undefined) return;
    const items = index.byValue.get(value);
    if (items === undefined) index.byValue.set(value, new Set([item]));
    else items.add(item);
    index.size += 1;
  };

  const indexOf = (key: string): KeyIndex<T> => {
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const index: KeyIndex<T> = { byValue: new Map(), size: 0 };
    for (const item of all()) addTo(index, item.labels.get(key), item);
    byKey.set(key, index);
    return index;
  };

  const lookUp = ({ key, operator, values }: LabelSelector['requirements'][number]): Candidates<T> | undefined => {
    if (operator !== 'In' && operator !== 'Exists') return undefined;
    const { byValue, size } = indexOf(key);
    if (operator === 'Exists') return { size, items: byValue.values().flatMap((items) => items) };
    const found = values.flatMap((value) => byValue.get(value) ?? []);
    return { size: found.reduce((sum, items) => sum + items.size, 0), items: found.values().flatMap((items) => items) };
  };

  return {
    add(item) {
      for (const [key, index] of byKey) addTo(index, item.labels.get(key), item);
    },
    remove(item) {
      for (const [key, index] of byKey) {
        const value = item.labels.get(key);
        const items = value === undefined ? undefined : index.byValue.get(value);
        if (value === undefined || items === undefined) continue;
        items.delete(item);
        if (items.size === 0) index.byValue.delete(value);
        index.size -= 1;
      }
    },
    candidates(selector) {
      let fewest: Candidates<T> | undefined;
      for (const requirement of selector.requirements) {
        const found = lookUp(requirement);
        if (found !== undefined && (fewest === undefined || found.size < fewest.size)) fewest = found;
      }
      return fewest;
    },
  };
};

/** The pods that can be peers, with settled addresses, found by namespace and labels. */
export interface PodIndex {
  add(pod: PodEndpoint): void;
  /** Removes a pod, given as the same object that was added. */
  remove(pod: PodEndpoint): void;
  all(): Iterable<PodEndpoint>;
  inNamespace(name: string): Iterable<PodEndpoint>;
  /** @param selector undefined selects every pod of the namespaces */
  select(namespaces: ReadonlySet<string>, selector: LabelSelector | undefined): Iterable<PodEndpoint>;
  /** Returns how many pods were compared with selectors so far. */
  looks(): number;
}

const NONE: ReadonlySet<PodEndpoint> = new Set();

export const createPodIndex = (): PodIndex => {
  const byNamespace = new Map<string, Set<PodEndpoint>>();
  function* all(): Generator<PodEndpoint> {
    for (const pods of byNamespace.values()) yield* pods;
  }
  const labels = createLabelIndex(all);
  let looks = 0;
  const inNamespace = (name: string): ReadonlySet<PodEndpoint> => byNamespace.get(name) ?? NONE;

  const areFewer = (namespaces: ReadonlySet<string>, most: number): boolean => {
    let size = 0;
    for (const name of namespaces) {
      size += inNamespace(name).size;
      if (size > most) return false;
    }
    return true;
  };

  return {
    add(pod) {
      const pods = byNamespace.get(pod.namespace);
      if (pods === undefined) byNamespace.set(pod.namespace, new Set([pod]));
      else pods.add(pod);
      labels.add(pod);
    },
    remove(pod) {
      const pods = byNamespace.get(pod.namespace);
      pods?.delete(pod);
      if (pods?.size === 0) byNamespace.delete(pod.namespace);
      labels.remove(pod);
    },
    all,
    inNamespace,
    select(namespaces, selector) {
      const selected: PodEndpoint[] = [];
      // A plain loop for speed: there may be very many pods and selectors.
      const look = (pods: Iterable<PodEndpoint>): void => {
        for (const pod of pods) {
          looks += 1;
          if (selector === undefined || selects(selector, pod.labels)) selected.push(pod);
        }
      };
      const byLabel = selector === undefined || namespaces.size <= 1 ? undefined : labels.candidates(selector);
      if (byLabel === undefined || areFewer(namespaces, byLabel.size)) {
        for (const name of namespaces) look(inNamespace(name));
        return selected;
      }
      for (const pod of byLabel.items) if (namespaces.has(pod.namespace)) look([pod]);
      return selected;
    },
    looks: () => looks,
  };
};

/** The numbers of port names on all pods. Indexes only names that rules have used. */
export interface PortNames {
  /** Returns the targets of a name, which stay up to date from then on. */
  targets(protocol: Protocol, name: string): PortTargets;
  addPod(pod: PodEndpoint): void;
  removePod(pod: PodEndpoint): void;
}

export const createPortNames = (pods: PodIndex): PortNames => {
  const known = new Map<string, Map<string, readonly number[]>>();
  const keyOf = (protocol: Protocol, name: string): string => `${protocol}/${name}`;

  const enter = (targets: Map<string, readonly number[]>, pod: PodEndpoint, protocol: Protocol, name: string): void => {
    const numbers = resolvePort(pod, protocol, name);
    for (const ip of pod.ips) targets.set(ip, numbers);
  };

  return {
    targets(protocol, name) {
      const found = known.get(keyOf(protocol, name));
      if (found !== undefined) return found;
      const targets = new Map<string, readonly number[]>();
      for (const pod of pods.all()) if (declares(pod, protocol, name)) enter(targets, pod, protocol, name);
      known.set(keyOf(protocol, name), targets);
      return targets;
    },
    addPod(pod) {
      if (known.size === 0) return;
      for (const { protocol, name } of pod.ports) {
        const targets = name === undefined ? undefined : known.get(keyOf(protocol, name));
        if (name !== undefined && targets !== undefined) enter(targets, pod, protocol, name);
      }
    },
    removePod(pod) {
      if (known.size === 0) return;
      for (const { protocol, name } of pod.ports) {
        const targets = name === undefined ? undefined : known.get(keyOf(protocol, name));
        for (const ip of pod.ips) targets?.delete(ip);
      }
    },
  };
};
