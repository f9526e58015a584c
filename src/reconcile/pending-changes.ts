import type { Clock } from '../model/clock.ts';
import type { ClusterChange, ClusterChanges, ObjectKind } from '../model/cluster-change.ts';
import { policyNamespace } from '../model/policy-object.ts';

/**
 * Schedules namespaces whose changes have taken much of the loop's time: their changes are taken less often, and more
 * at once.
 */
interface Turns {
  /** Takes the time, in ms, of a pass for changes of these namespaces only. */
  charge(namespaces: ReadonlySet<string>, ms: number): void;
  /** Returns the time in ms until changes of the namespace may be taken. */
  dueIn(namespace: string): number;
  /** Reports whether the namespace has taken little time recently. */
  isLight(namespace: string): boolean;
}

/** Share of the loop's time that a namespace may take permanently. */
const SHARE = 0.5;
/** Time that it may take beyond that at once, so that no usual single change waits. */
const FREE_MS = 100;
/** Maximum time that counts, so that a namespace's changes wait for up to half a second, whatever it did. */
const MOST_MS = FREE_MS + 250;
/** While changes of other namespaces wait, a namespace with less time than this goes first. */
const LIGHT_MS = 25;

interface Debt {
  readonly ms: number;
  /** Clock.now() of the charge. */
  readonly at: number;
}

export const createTurns = (clock: Pick<Clock, 'now'>): Turns => {
  const debts = new Map<string, Debt>();

  const debtOf = (namespace: string): number => {
    const debt = debts.get(namespace);
    return debt === undefined ? 0 : Math.max(0, debt.ms - SHARE * (clock.now() - debt.at));
  };

  return {
    charge(namespaces, ms) {
      if (namespaces.size === 0) return;
      for (const namespace of debts.keys()) if (debtOf(namespace) === 0) debts.delete(namespace);
      for (const namespace of namespaces) {
        debts.set(namespace, { ms: Math.min(MOST_MS, debtOf(namespace) + ms / namespaces.size), at: clock.now() });
      }
    },
    dueIn: (namespace) => Math.max(0, debtOf(namespace) - FREE_MS) / SHARE,
    isLight: (namespace) => debtOf(namespace) <= LIGHT_MS,
  };
};

/** The earliest of some times, undefined ones left out; undefined where there is none. */
export const earliest = (times: Iterable<number | undefined>): number | undefined => {
  let found: number | undefined;
  for (const time of times) if (time !== undefined && (found === undefined || time < found)) found = time;
  return found;
};

/** The changes since the last pass took them. */
export interface PendingChanges {
  /**
   * @param change undefined if it is not known what changed
   * @param since Clock.now() in ms when it was first noted: earlier than now for a change whose pass failed
   */
  note(change: ClusterChange | undefined, since?: number): void;
  /** Reports whether there is nothing to take now; see dueIn. */
  isEmpty(): boolean;
  /** Reports whether there is nothing to take now or later. */
  isNone(): boolean;
  /** Returns the time in ms until there is something to take; undefined if there is nothing. */
  dueIn(): number | undefined;
  /** Returns Clock.now() in ms when the oldest waiting change was noted; undefined if none waits. */
  oldest(): number | undefined;
  /**
   * Returns Clock.now() in ms when the oldest change of the last `take` was noted; undefined if it took none, or was
   * charged.
   */
  takenSince(): number | undefined;
  /** Resolves once there is something to take. */
  arrival(): Promise<undefined>;
  /**
   * Returns the changes, and starts again. Of policies, takes up to a total weight of `most`, the lightest first, and
   * at least one. Policies of namespaces that must wait stay, and so do those of namespaces that took much time, while
   * others have changes.
   * @param home returns the namespace of a pod whose policies must not stay, so that the pod is not reported too early
   */
  take(weigh?: (key: string) => number, most?: number, home?: (pod: string) => string | undefined): ClusterChanges;
  /** Takes the time, in ms, of the pass that took the last changes. */
  charge(ms: number): void;
}

const noKeys = (): Record<Exclude<ObjectKind, 'networkpolicies'>, Set<string>> => ({
  pods: new Set(),
  namespaces: new Set(),
});

/** Returns the keys that are too heavy to be taken with the others. */
const heavy = (keys: readonly string[], weigh: (key: string) => number, most: number): readonly string[] => {
  if (keys.length < 2) return [];
  let sum = 0;
  return keys
    .map((key) => ({ key, weight: weigh(key) }))
    .sort((a, b) => a.weight - b.weight)
    .filter(({ weight }, at) => {
      sum += weight;
      return sum > most && at > 0;
    })
    .map(({ key }) => key);
};

/** Starts with all objects, since no pass has taken any. */
export const createPendingChanges = (turns: Turns, now: () => number): PendingChanges => {
  let everything = true;
  let keys = noKeys();
  /** When the oldest of `everything` and `keys` was noted. */
  let othersSince: number | undefined = now();
  let takenSince: number | undefined;
  /** When each policy was first noted, by namespace and key. */
  const policies = new Map<string, Map<string, number>>();
  let arrived = Promise.withResolvers<undefined>();
  arrived.resolve(undefined);
  /** Namespaces of the policies that were taken last. */
  let taken: ReadonlySet<string> = new Set();

  const dueIn = (): number | undefined => {
    if (everything || keys.pods.size > 0 || keys.namespaces.size > 0) return 0;
    return policies.size === 0 ? undefined : Math.min(...[...policies.keys()].map(turns.dueIn));
  };

  const oldest = (): number | undefined =>
    earliest([othersSince, ...[...policies.values()].flatMap((noted) => [...noted.values()])]);

  /** Returns the namespaces whose policies can be taken now. */
  const chosen = (home: (pod: string) => string | undefined): readonly string[] => {
    const homes = new Set([...keys.pods].map(home));
    const due = [...policies.keys()].filter((namespace) => homes.has(namespace) || turns.dueIn(namespace) === 0);
    const light = due.filter((namespace) => homes.has(namespace) || turns.isLight(namespace));
    return light.length > 0 ? light : due;
  };

  const add = (policy: string, since: number): void => {
    const namespace = policyNamespace(policy);
    const noted = policies.get(namespace) ?? new Map<string, number>();
    if (!noted.has(policy)) noted.set(policy, since);
    policies.set(namespace, noted);
  };

  /** Removes the policies to take from those that wait. */
  const takePolicies = (namespaces: readonly string[], weigh: (key: string) => number, most: number): Set<string> => {
    const due = new Map<string, number>();
    for (const namespace of namespaces) {
      for (const [key, since] of policies.get(namespace) ?? []) due.set(key, since);
      policies.delete(namespace);
    }
    for (const key of heavy([...due.keys()], weigh, most)) {
      add(key, due.get(key) ?? now());
      due.delete(key);
    }
    takenSince = earliest([takenSince, ...due.values()]);
    return new Set(due.keys());
  };

  return {
    note(change, since = now()) {
      if (!everything && change?.kind === 'networkpolicies') add(change.key, since);
      else othersSince = earliest([othersSince, since]);
      if (change === undefined) everything = true;
      else if (!everything && change.kind !== 'networkpolicies') keys[change.kind].add(change.key);
      if (change?.kind !== 'networkpolicies' || turns.dueIn(policyNamespace(change.key)) === 0)
        arrived.resolve(undefined);
    },
    isEmpty: () => dueIn() !== 0,
    isNone: () => dueIn() === undefined,
    dueIn,
    oldest,
    takenSince: () => takenSince,
    arrival: () => arrived.promise,
    take(weigh = () => 0, most = Number.POSITIVE_INFINITY, home = () => undefined) {
      const others = keys;
      const isAll = everything;
      takenSince = isAll ? oldest() : othersSince;
      othersSince = undefined;
      const networkpolicies = isAll ? new Set<string>() : takePolicies(chosen(home), weigh, most);
      if (isAll) policies.clear();
      everything = false;
      keys = noKeys();
      taken = new Set([...networkpolicies].map(policyNamespace));
      arrived = Promise.withResolvers();
      if (dueIn() === 0) arrived.resolve(undefined);
      return isAll ? 'everything' : { ...others, networkpolicies };
    },
    charge(ms) {
      turns.charge(taken, ms);
      takenSince = undefined;
      taken = new Set();
    },
  };
};
