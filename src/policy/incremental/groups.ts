import type { PodEndpoint } from '../../model/pod.ts';
import type { ParsedPolicy, PortSpec } from '../parsed.ts';
import { resolvePort } from '../pod-ports.ts';
import { byText } from '../text-order.ts';
import { type Direction, DIRECTIONS } from '../../model/direction.ts';
import type { PolicyKey } from '../../model/policy-object.ts';
import type { Isolation, AllowRule } from '../node-policy.ts';
import type { PolicyEntry } from './policy-store.ts';

type NamedPort = Extract<PortSpec, { kind: 'named' }>;

/** Returns the distinct port names of the policies' ingress rules. */
const namedIngressPorts = (policies: readonly ParsedPolicy[]): readonly NamedPort[] => {
  const named = new Map<string, NamedPort>();
  for (const { rules } of policies) {
    for (const { ports } of rules.ingress) {
      if (ports === 'any') continue;
      for (const port of ports) if (port.kind === 'named') named.set(`${port.protocol}/${port.name}`, port);
    }
  }
  return [...named.values()];
};

/** Returns text that is equal for pods on which the port names have the same numbers. */
const namedPortKey = (named: readonly NamedPort[], pod: PodEndpoint): string =>
  named
    .map(
      ({ protocol, name }) =>
        `${protocol}/${name}=${resolvePort(pod, protocol, name)
          .toSorted((a, b) => a - b)
          .join('+')}`,
    )
    .sort(byText)
    .join(' ');

/** Returns the keys of isolations by the same policies, one per value of their named ports. */
const isolationKeys = (direction: Direction, policies: readonly PolicyKey[]): ((namedPorts: string) => string) => {
  const beginning = `${JSON.stringify([direction, policies]).slice(0, -1)},`;
  return (namedPorts) => `${beginning}${JSON.stringify(namedPorts)}]`;
};

/** Returns text that is equal exactly for pods that the same policies isolate in a direction, with equal named ports. */
export const isolationKey = ({
  direction,
  policies,
  namedPorts,
}: Pick<Isolation, 'direction' | 'policies' | 'namedPorts'>): string =>
  JSON.stringify([direction, policies, namedPorts]);

/** Pods grouped by the policies that isolate them in each direction. */
export interface Groups {
  /** @param policies the policies that select the pod, sorted by key */
  join(pod: PodEndpoint, policies: readonly PolicyEntry[]): void;
  /** Isolates the pod in both directions and allows nothing. */
  close(pod: PodEndpoint): void;
  /** Removes a pod, given as the same object that joined. */
  leave(pod: PodEndpoint): void;
  isolationOf(direction: Direction, uid: string): Isolation | undefined;
  /** Sorted by key. */
  isolations(): readonly Isolation[];
  /** Returns the number of isolated pods. */
  count(direction: Direction): number;
  /** Returns the closed pods, sorted; the same list until it changes. */
  closedPods(): readonly PodEndpoint[];
  /** Returns the namespaces in which a pod joined or left a group since the last `takeChanges`. */
  touched(): ReadonlySet<string>;
  /** Returns the number of groups that each policy of the namespace is in. */
  uses(namespace: string): ReadonlyMap<PolicyEntry, Readonly<Record<Direction, number>>>;
  /** Marks the rules of the namespace's policies as possibly changed. */
  touch(namespace: string): void;
  /** Returns the isolations that have changed since the last call, by key; undefined for those that are gone. */
  takeChanges(rulesOf: (policy: PolicyEntry, direction: Direction) => readonly AllowRule[]): IsolationChanges;
}

/** By isolationKey. */
export type IsolationChanges = ReadonlyMap<string, Isolation | undefined>;

interface Group {
  readonly key: string;
  readonly direction: Direction;
  readonly namedPorts: string;
  policies: readonly PolicyEntry[];
  readonly pods: Map<string, PodEndpoint>;
  isolation: Isolation | undefined;
}

const NO_PODS: readonly PodEndpoint[] = [];
const NO_POLICIES: readonly PolicyEntry[] = [];

/** The key of the ingress isolation of closed pods. The egress isolation has the same pods. */
const CLOSED_KEY = isolationKey({ direction: 'ingress', policies: [], namedPorts: '' });

/** The common part of groups of pods that the same policies select, in one direction. */
interface Shape {
  /** The policies that isolate in the direction. */
  readonly policies: readonly PolicyEntry[];
  readonly named: readonly NamedPort[];
  readonly keyOf: (namedPorts: string) => string;
}

const comparePods = (a: PodEndpoint, b: PodEndpoint): number =>
  byText(a.namespace, b.namespace) || byText(a.name, b.name) || byText(a.uid, b.uid);

const sameItems = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at]);

export const createGroups = (): Groups => {
  const groups = new Map<string, Group>();
  const membership: Readonly<Record<Direction, Map<string, Group>>> = { ingress: new Map(), egress: new Map() };
  const shapes = { ingress: new WeakMap<object, Shape>(), egress: new WeakMap<object, Shape>() };
  const touched = new Set<Group>();
  const byNamespace = new Map<string, Set<Group>>();
  const namespaceOf = ({ policies: [first] }: Group): string => first?.object.namespace ?? '';

  const shapeOf = (list: readonly PolicyEntry[], direction: Direction): Shape => {
    const known = shapes[direction].get(list);
    if (known !== undefined) return known;
    const policies = list.filter((entry) => entry.parsed().directions.includes(direction));
    const named = direction === 'egress' ? [] : namedIngressPorts(policies.map((entry) => entry.parsed()));
    const shape = {
      policies,
      named,
      keyOf: isolationKeys(
        direction,
        policies.map(({ key }) => key),
      ),
    };
    shapes[direction].set(list, shape);
    return shape;
  };

  const joinOne = (direction: Direction, pod: PodEndpoint, { policies, named, keyOf }: Shape): void => {
    const namedPorts = namedPortKey(named, pod);
    const key = keyOf(namedPorts);
    const group: Group = groups.get(key) ?? {
      key,
      direction,
      namedPorts,
      policies,
      pods: new Map(),
      isolation: undefined,
    };
    group.policies = policies;
    group.pods.set(pod.uid, pod);
    groups.set(key, group);
    const siblings = byNamespace.get(namespaceOf(group)) ?? new Set();
    byNamespace.set(namespaceOf(group), siblings.add(group));
    membership[direction].set(pod.uid, group);
    touched.add(group);
  };

  const remove = (group: Group): void => {
    groups.delete(group.key);
    const siblings = byNamespace.get(namespaceOf(group));
    siblings?.delete(group);
    if (siblings?.size === 0) byNamespace.delete(namespaceOf(group));
  };

  /** Returns the current isolation. Reuses the former object, or its rules, if they have not changed. */
  const build = (
    group: Group,
    rulesOf: (policy: PolicyEntry, direction: Direction) => readonly AllowRule[],
  ): Isolation => {
    const { direction, namedPorts, policies, isolation: before } = group;
    const pods = [...group.pods.values()].sort(comparePods);
    const rules = policies.flatMap((policy) => rulesOf(policy, direction));
    const sameRules = before !== undefined && sameItems(before.rules, rules);
    if (sameRules && sameItems(before.pods, pods)) return before;
    return {
      direction,
      policies: policies.map(({ key }) => key),
      namedPorts,
      pods,
      rules: sameRules ? before.rules : rules,
    };
  };

  const closed = (): readonly PodEndpoint[] => groups.get(CLOSED_KEY)?.isolation?.pods ?? NO_PODS;

  return {
    close(pod) {
      for (const direction of DIRECTIONS) joinOne(direction, pod, shapeOf(NO_POLICIES, direction));
    },
    join(pod, policies) {
      for (const direction of DIRECTIONS) {
        const shape = shapeOf(policies, direction);
        if (shape.policies.length > 0) joinOne(direction, pod, shape);
      }
    },
    leave({ uid }) {
      for (const direction of DIRECTIONS) {
        const group = membership[direction].get(uid);
        if (group === undefined) continue;
        group.pods.delete(uid);
        membership[direction].delete(uid);
        touched.add(group);
      }
    },
    isolationOf: (direction, uid) => membership[direction].get(uid)?.isolation,
    isolations: () =>
      [...groups.values()]
        .sort((a, b) => byText(a.key, b.key))
        .flatMap(({ isolation }) => (isolation === undefined ? [] : [isolation])),
    count: (direction) => membership[direction].size - closed().length,
    closedPods: closed,
    touched: () => new Set([...touched].map(namespaceOf)),
    uses(namespace) {
      const uses = new Map<PolicyEntry, Record<Direction, number>>();
      for (const { direction, pods, policies } of byNamespace.get(namespace) ?? []) {
        if (pods.size === 0) continue;
        for (const policy of policies) {
          const counts = uses.get(policy) ?? { ingress: 0, egress: 0 };
          counts[direction] += 1;
          uses.set(policy, counts);
        }
      }
      return uses;
    },
    touch(namespace) {
      for (const group of byNamespace.get(namespace) ?? []) touched.add(group);
    },
    takeChanges(rulesOf) {
      const changes = new Map<string, Isolation | undefined>();
      for (const group of touched) {
        const before = group.isolation;
        group.isolation = group.pods.size === 0 ? undefined : build(group, rulesOf);
        if (group.isolation === undefined) remove(group);
        if (group.isolation !== before) changes.set(group.key, group.isolation);
      }
      touched.clear();
      return changes;
    },
  };
};
