import { type PolicyKey, policyNamespace } from '../../model/policy-object.ts';
import type { PolicyFault } from '../fault.ts';
import {
  addUsage,
  limitFor,
  takeUsage,
  excessOf,
  type LimitScope,
  type Limits,
  NO_USAGE,
  RESOURCES,
  type Resource,
  type Usage,
  usageOf,
} from '../limits.ts';
import { byText } from '../text-order.ts';

/** The size of the sets for the pods that a policy names. */
export interface Found {
  /** Number of members of each distinct peer, by the peer's key. */
  readonly peers: ReadonlyMap<string, number>;
  /** Number of members of sets of address and port. */
  readonly namedMembers: number;
}

/** A policy that selects pods of the node. */
export interface Demand {
  readonly key: PolicyKey;
  /** Summed over all groups of pods. */
  readonly rules: number;
  /** Sets and members that follow from the policy itself. */
  readonly sets: number;
  readonly members: number;
  /** Returns the size of its peers as of the last search; undefined before the first one. */
  known(): Found | undefined;
  /** Searches its peers, and keeps them up to date from then on; undefined if the search must wait for the next update. */
  find(most: number): Found | undefined;
}

/** Decides which policies fit into the node's limits. */
export interface Budget {
  /** Decides again for one namespace. @returns whether the decision has changed for any policy */
  judge(namespace: string, demands: readonly Demand[]): boolean;
  /** Returns the namespaces to decide again, because the node's total has crossed its limit. */
  restless(): readonly string[];
  /** Returns the namespaces that have policies in use. */
  namespaces(): readonly string[];
  /** Returns the namespaces to decide again when the number of pods has changed. */
  sensitive(pods: number): readonly string[];
  /** Reports whether the policy exceeds a limit, at least for now, and so may allow nothing. */
  isOver(key: PolicyKey): boolean;
  /** Returns the namespaces with policies whose peers are still to be searched. */
  unfinished(): readonly string[];
  /** Returns the faults of all policies over a limit; the same list until it changes. */
  faults(): readonly PolicyFault[];
}

interface Allotment {
  readonly over: ReadonlyMap<PolicyKey, PolicyFault>;
  /** Policies whose peers are still to be searched. */
  readonly waiting: ReadonlySet<PolicyKey>;
  readonly used: Usage;
  /** The distinct peers of the policies within the limits, with their numbers of members. */
  readonly peers: ReadonlyMap<string, number>;
  /** Usage beside peers: rules, and sets that no other policy can share. */
  readonly rest: Usage;
  /** Whether the limit was less than a namespace's own, because the node is full. */
  readonly isShare: boolean;
  readonly limit: Usage;
  /** Whether some policy exceeds a limit because of the pods that it selects. */
  readonly byMembers: boolean;
}

interface Verdict extends Allotment {
  /** The usage without that reduction; of a shared set, its part. See Budget.restless. */
  readonly wanted: Usage;
  /** The peers that `wanted` includes. */
  readonly counted: readonly string[];
  /** Number of pods of the cluster at that time. */
  readonly pods: number;
}

const ADVICE: Readonly<Record<Resource, string>> = {
  rules: 'use fewer peers or ports, or ranges',
  sets: 'use fewer distinct selectors and blocks with excepts',
  members: 'select fewer pods, or use fewer blocks',
  memory: 'use fewer peers, ports and blocks',
};

/** A namespace that uses more than an eighth of its limit of members is counted again whenever pods come. */
const SENSITIVE = 8;
/** A policy with too many pods is searched again once the cluster has fewer pods than this part of the former number. */
const FEWER = 0.9;

const UNIT: Readonly<Record<Resource, string>> = {
  rules: 'rules',
  sets: 'sets',
  members: 'set members',
  memory: 'bytes',
};

const WHOSE: Readonly<Record<LimitScope, string>> = {
  policy: 'one policy may ask of a node',
  namespace: 'one namespace may ask of a node',
  node: 'are the share of one namespace where the node is full',
};

const faultOf = (policy: PolicyKey, resource: Resource, scope: LimitScope, usage: Usage, limit: Usage): PolicyFault => {
  const whole = scope === 'policy' ? 'it needs' : 'with it the namespace needs';
  const message = `${whole} ${usage[resource]} ${UNIT[resource]} on this node, more than the ${Math.floor(limit[resource])} that ${WHOSE[scope]}: ${ADVICE[resource]}`;
  return { policy, field: ['spec'], message, isOfNode: true };
};

const levelOf = (wanted: readonly number[], room: number): number => {
  let left = room;
  let count = wanted.length;
  for (const each of wanted.toSorted((a, b) => a - b)) {
    if (each > left / count) return left / count;
    left -= each;
    count -= 1;
  }
  return Number.POSITIVE_INFINITY;
};

const least = (a: Usage, b: Usage): Usage => ({
  rules: Math.min(a.rules, b.rules),
  sets: Math.min(a.sets, b.sets),
  members: Math.min(a.members, b.members),
  memory: Math.min(a.memory, b.memory),
});

const sameUsage = (a: Usage, b: Usage): boolean => RESOURCES.every((resource) => a[resource] === b[resource]);

/**
 * Gives room to each namespace's policies from the smallest up, by rules and then by name, in whatever order they came: so a
 * restart decides the same. If all namespaces together exceed the node's limit, those that use most are reduced to one
 * common level.
 */
export const createBudget = (given: Limits, podCount: () => number): Budget => {
  let limits = given;
  let pods = -1;
  const verdicts = new Map<string, Verdict>();
  /** Number of namespaces that have each peer. */
  const users = new Map<string, number>();
  const waiting = new Set<string>();
  const large = new Set<string>();
  const closed = new Set<string>();
  const squeezed = new Set<string>();
  let total = NO_USAGE;
  let share: Usage = limits.namespace;
  let faults: readonly PolicyFault[] | undefined = [];

  const decide = (demands: readonly Demand[], limit: Usage): Allotment => {
    const over = new Map<PolicyKey, PolicyFault>();
    const later = new Set<PolicyKey>();
    const counted = new Map<string, number>();
    let rest = NO_USAGE;
    const scope: LimitScope = sameUsage(limit, limits.namespace) ? 'namespace' : 'node';
    let used = NO_USAGE;
    let byMembers = false;
    const excess = (key: PolicyKey, own: Usage, total: Usage): PolicyFault | undefined => {
      const alone = excessOf(own, limits.policy);
      if (alone !== undefined) return faultOf(key, alone, 'policy', own, limits.policy);
      const together = excessOf(total, limit);
      return together === undefined ? undefined : faultOf(key, together, scope, total, limit);
    };
    const weigh = ({ key, rules, sets, members }: Demand, { peers, namedMembers }: Found) => {
      const fresh = [...peers].filter(([peer]) => !counted.has(peer));
      const sum = (entries: Iterable<readonly [string, number]>): number =>
        [...entries].reduce((total, [, size]) => total + size, 0);
      const shown = members + namedMembers;
      const own = usageOf(rules, sets, shown + sum(peers));
      const more = usageOf(rules, Math.max(fresh.length, sets - peers.size + fresh.length), shown + sum(fresh));
      return { fault: excess(key, own, addUsage(used, more)), more, alone: usageOf(rules, sets - peers.size, shown) };
    };
    const most = Math.min(limits.policy.members, limit.members);
    for (const demand of demands.toSorted((a, b) => a.rules - b.rules || byText(a.key, b.key))) {
      const { key, rules, sets, members } = demand;
      const shown = usageOf(rules, sets, members);
      // Other policies may share its sets.
      const plain = excess(key, shown, addUsage(used, usageOf(rules, 0, members)));
      if (plain !== undefined) {
        over.set(key, plain);
        continue;
      }
      const before = demand.known();
      const already = before && weigh(demand, before);
      const found = already?.fault === undefined ? demand.find(most) : before;
      if (found === undefined) {
        later.add(key);
        continue;
      }
      const { fault, more, alone } = weigh(demand, found);
      if (fault !== undefined) {
        byMembers = true;
        over.set(key, fault);
        continue;
      }
      used = addUsage(used, more);
      rest = addUsage(rest, alone);
      for (const [peer, size] of found.peers) counted.set(peer, size);
    }
    return { over, waiting: later, used, peers: counted, rest, limit, isShare: scope === 'node', byMembers };
  };

  const isSame = (a: Verdict, b: Verdict | undefined): boolean =>
    a.over.size === (b?.over.size ?? 0) &&
    a.waiting.size === (b?.waiting.size ?? 0) &&
    [...a.over].every(([key, { message }]) => b?.over.get(key)?.message === message) &&
    [...a.waiting].every((key) => b?.waiting.has(key));

  /** Returns the level of each resource above which a namespace is reduced. */
  const shareNow = (): Usage => {
    if (excessOf(total, limits.node) === undefined) return limits.namespace;
    const level = (resource: Resource): number =>
      total[resource] <= limits.node[resource]
        ? Number.POSITIVE_INFINITY
        : levelOf(
            [...verdicts.values()].map(({ wanted }) => wanted[resource]),
            limits.node[resource],
          );
    const levels = { rules: level('rules'), sets: level('sets'), members: level('members'), memory: level('memory') };
    return least(limits.namespace, levels);
  };

  /** Tracks the few namespaces that must be decided again even if they have not changed. */
  const note = (namespace: string, verdict: Verdict | undefined): void => {
    const isIn = (list: Set<string>, belongs: boolean): void => {
      if (belongs) list.add(namespace);
      else list.delete(namespace);
    };
    const before = verdicts.get(namespace);
    total = addUsage(total, verdict?.wanted ?? NO_USAGE);
    total = takeUsage(total, before?.wanted ?? NO_USAGE);
    if (verdict === undefined) verdicts.delete(namespace);
    else verdicts.set(namespace, verdict);
    isIn(waiting, verdict !== undefined && verdict.waiting.size > 0);
    isIn(large, verdict !== undefined && verdict.used.members * SENSITIVE > limits.namespace.members);
    isIn(closed, verdict?.byMembers === true);
    isIn(squeezed, verdict?.isShare === true);
  };

  /** Computes the limits, which grow with the number of pods. Keeps the same object while they stay. */
  const follow = (): void => {
    if (podCount() === pods) return;
    pods = podCount();
    const [policy, namespace, node] = [given.policy, given.namespace, given.node].map((limit) => limitFor(limit, pods));
    if (policy === undefined || namespace === undefined || node === undefined) return;
    if (RESOURCES.every((resource) => namespace[resource] === limits.namespace[resource])) return;
    if (share === limits.namespace) share = namespace;
    limits = { policy, namespace, node };
  };

  const count = (peers: Iterable<string>, by: 1 | -1): void => {
    for (const peer of peers) {
      const now = (users.get(peer) ?? 0) + by;
      if (now === 0) users.delete(peer);
      else users.set(peer, now);
    }
  };

  const partOf = ({ peers, rest }: Pick<Verdict, 'peers' | 'rest'>): Usage => {
    let sets = 0;
    let members = 0;
    for (const [peer, size] of peers) {
      sets += 1 / (users.get(peer) ?? 1);
      members += size / (users.get(peer) ?? 1);
    }
    return addUsage(rest, usageOf(0, sets, members));
  };

  return {
    judge(namespace, demands) {
      follow();
      const before = verdicts.get(namespace);
      const free = decide(demands, limits.namespace);
      count(free.peers.keys(), 1);
      if (before !== undefined) count(before.counted, -1);
      const wanted = partOf(free);
      const keep = (decision: Allotment): Verdict => {
        const kept = { ...decision, wanted, pods: podCount(), counted: [...free.peers.keys()] };
        note(namespace, demands.length === 0 ? undefined : kept);
        return kept;
      };
      const freely = keep(free);
      share = shareNow();
      const now = excessOf(wanted, share) === undefined ? freely : keep(decide(demands, share));
      const same = isSame(now, before);
      if (!same) faults = undefined;
      return !same;
    },
    restless() {
      if (share === limits.namespace) return [...squeezed];
      return [...verdicts].flatMap(([namespace, { wanted, limit }]) => {
        const now = excessOf(wanted, share) === undefined ? limits.namespace : share;
        return sameUsage(limit, now) ? [] : [namespace];
      });
    },
    namespaces: () => [...verdicts.keys()],
    sensitive: (pods) => [
      ...large,
      ...[...closed].filter((namespace) => pods < (verdicts.get(namespace)?.pods ?? 0) * FEWER),
    ],
    isOver(key) {
      const verdict = verdicts.get(policyNamespace(key));
      return verdict !== undefined && (verdict.over.has(key) || verdict.waiting.has(key));
    },
    unfinished: () => [...waiting],
    faults: () =>
      (faults ??= [...verdicts.values()]
        .flatMap(({ over }) => [...over.values()])
        .sort((a, b) => byText(a.policy, b.policy))),
  };
};
