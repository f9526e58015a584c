import { DIRECTIONS, type Direction } from '../../model/direction.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { isolationKey } from '../isolation-key.ts';
import type { AllowRule, Isolation } from '../node-policy.ts';
import { byText } from '../text-order.ts';
import { namedPortKey } from './named-port-key.ts';
import type { PolicyEntry } from './policy-store.ts';

/** Pods by the policies that isolate them in each direction. */
export interface Groups {
  /** @param policies that select the pod, sorted by key */
  join(pod: PodEndpoint, policies: readonly PolicyEntry[]): void;
  /** Isolates the pod in both directions, with nothing allowed. */
  close(pod: PodEndpoint): void;
  /** The very object that joined. */
  leave(pod: PodEndpoint): void;
  isolationOf(direction: Direction, uid: string): Isolation | undefined;
  /** Sorted by key. */
  isolations(): readonly Isolation[];
  /** Pods that policies isolate. */
  count(direction: Direction): number;
  /** Pods that are closed, sorted; the same list until it is another. */
  closedPods(): readonly PodEndpoint[];
  /** The isolations that are other than when this was asked last, by key; undefined for those that are gone. */
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

/** The isolation for ingress of pods that are closed; that for egress has the same pods. */
const CLOSED_KEY = isolationKey({ direction: 'ingress', policies: [], namedPorts: '' });

const comparePods = (a: PodEndpoint, b: PodEndpoint): number =>
  byText(a.namespace, b.namespace) || byText(a.name, b.name) || byText(a.uid, b.uid);

const sameItems = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at]);

export const createGroups = (): Groups => {
  const groups = new Map<string, Group>();
  const membership: Readonly<Record<Direction, Map<string, Group>>> = { ingress: new Map(), egress: new Map() };
  const touched = new Set<Group>();

  const joinOne = (direction: Direction, pod: PodEndpoint, policies: readonly PolicyEntry[]): void => {
    const parsed = policies.map((entry) => entry.parsed());
    const namedPorts = namedPortKey(direction, parsed, pod);
    const key = isolationKey({ direction, policies: policies.map((policy) => policy.key), namedPorts });
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
    membership[direction].set(pod.uid, group);
    touched.add(group);
  };

  /** The isolation as it is now; the same object, or the same rules in it, where these did not change. */
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
      for (const direction of DIRECTIONS) joinOne(direction, pod, []);
    },
    join(pod, policies) {
      for (const direction of DIRECTIONS) {
        const isolating = policies.filter((entry) => entry.parsed().directions.includes(direction));
        if (isolating.length > 0) joinOne(direction, pod, isolating);
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
    takeChanges(rulesOf) {
      const changes = new Map<string, Isolation | undefined>();
      for (const group of touched) {
        const before = group.isolation;
        group.isolation = group.pods.size === 0 ? undefined : build(group, rulesOf);
        if (group.isolation === undefined) groups.delete(group.key);
        if (group.isolation !== before) changes.set(group.key, group.isolation);
      }
      touched.clear();
      return changes;
    },
  };
};
