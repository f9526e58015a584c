import type { ClusterChange, ClusterChanges, ObjectKind } from '../model/cluster-change.ts';
import type { Turns } from './turns.ts';

/** What changed since the last pass took it. */
export interface PendingChanges {
  /**
   * @param change undefined where it is not known what changed
   * @param since Clock.now() when it was noted first, ms: earlier than now for a change whose pass failed
   */
  note(change: ClusterChange | undefined, since?: number): void;
  /** Nothing is to be taken now; see dueIn. */
  isEmpty(): boolean;
  /** Nothing is to be taken now or later. */
  isNone(): boolean;
  /** So long until there is something to be taken, ms; undefined where there is nothing. */
  dueIn(): number | undefined;
  /** Clock.now() when the oldest change that waits was noted, ms; undefined where none waits. */
  oldest(): number | undefined;
  /** Clock.now() when the oldest change of the last `take` was noted, ms; undefined where it took none, or was charged. */
  takenSince(): number | undefined;
  /** Settles once there is something to be taken, at once where there is. */
  arrival(): Promise<undefined>;
  /**
   * Hands over what was noted, and begins anew. Of policies only as many as weigh up to `most` together, the lightest first,
   * and one at least; those whose namespace has to wait stay, and while others have a turn those that took much of late do.
   * @param home the namespace of a pod whose policies are not to stay, so that nobody takes them to be in force
   */
  take(weigh?: (key: string) => number, most?: number, home?: (pod: string) => string | undefined): ClusterChanges;
  /** The pass that took the last changes took so long, ms. */
  charge(ms: number): void;
}

const noKeys = (): Record<Exclude<ObjectKind, 'networkpolicies'>, Set<string>> => ({
  pods: new Set(),
  namespaces: new Set(),
});

const namespaceOf = (policy: string): string => policy.slice(0, policy.indexOf('/'));

/** Those that are too heavy to be taken with the others. */
const heavy = (keys: ReadonlySet<string>, weigh: (key: string) => number, most: number): readonly string[] => {
  if (keys.size < 2) return [];
  let sum = 0;
  return [...keys]
    .map((key) => ({ key, weight: weigh(key) }))
    .sort((a, b) => a.weight - b.weight)
    .filter(({ weight }, at) => {
      sum += weight;
      return sum > most && at > 0;
    })
    .map(({ key }) => key);
};

/** Begins with everything: nobody looked yet. */
export const createPendingChanges = (turns: Turns, now: () => number): PendingChanges => {
  let everything = true;
  let keys = noKeys();
  /** When the oldest of `everything` and `keys` was noted. */
  let othersSince: number | undefined = now();
  let takenSince: number | undefined;
  /** When each policy was noted first, by namespace and key. */
  const policies = new Map<string, Map<string, number>>();
  let arrived = Promise.withResolvers<undefined>();
  arrived.resolve(undefined);
  /** Namespaces of the policies that were taken last. */
  let taken: ReadonlySet<string> = new Set();

  const dueIn = (): number | undefined => {
    if (everything || keys.pods.size > 0 || keys.namespaces.size > 0) return 0;
    return policies.size === 0 ? undefined : Math.min(...[...policies.keys()].map(turns.dueIn));
  };

  /** The namespaces whose policies can be taken now. */
  const chosen = (home: (pod: string) => string | undefined): readonly string[] => {
    const homes = new Set([...keys.pods].map(home));
    const due = [...policies.keys()].filter((namespace) => homes.has(namespace) || turns.dueIn(namespace) === 0);
    const light = due.filter((namespace) => homes.has(namespace) || turns.isLight(namespace));
    return light.length > 0 ? light : due;
  };

  const add = (policy: string, since: number): void => {
    const namespace = namespaceOf(policy);
    const noted = policies.get(namespace) ?? new Map<string, number>();
    if (!noted.has(policy)) noted.set(policy, since);
    policies.set(namespace, noted);
  };

  const earlier = (a: number | undefined, b: number): number => (a === undefined || b < a ? b : a);

  /** Takes them out of those that wait. */
  const takePolicies = (namespaces: readonly string[], weigh: (key: string) => number, most: number): Set<string> => {
    const due = new Map<string, number>();
    for (const namespace of namespaces) {
      for (const [key, since] of policies.get(namespace) ?? []) due.set(key, since);
      policies.delete(namespace);
    }
    const keys = new Set(due.keys());
    for (const key of heavy(keys, weigh, most)) {
      keys.delete(key);
      add(key, due.get(key) ?? now());
    }
    for (const key of keys) takenSince = earlier(takenSince, due.get(key) ?? now());
    return keys;
  };

  return {
    note(change, since = now()) {
      if (!everything && change?.kind === 'networkpolicies') add(change.key, since);
      else othersSince = earlier(othersSince, since);
      if (change === undefined) everything = true;
      else if (!everything && change.kind !== 'networkpolicies') keys[change.kind].add(change.key);
      if (change?.kind !== 'networkpolicies' || turns.dueIn(namespaceOf(change.key)) === 0) arrived.resolve(undefined);
    },
    isEmpty: () => dueIn() !== 0,
    isNone: () => dueIn() === undefined,
    dueIn,
    oldest() {
      let oldest = othersSince;
      for (const noted of policies.values()) for (const since of noted.values()) oldest = earlier(oldest, since);
      return oldest;
    },
    takenSince: () => takenSince,
    arrival: () => arrived.promise,
    take(weigh = () => 0, most = Number.POSITIVE_INFINITY, home = () => undefined) {
      const others = keys;
      const isAll = everything;
      takenSince = othersSince;
      othersSince = undefined;
      if (isAll)
        for (const noted of policies.values())
          for (const since of noted.values()) takenSince = earlier(takenSince, since);
      const networkpolicies = isAll ? new Set<string>() : takePolicies(chosen(home), weigh, most);
      if (isAll) policies.clear();
      everything = false;
      keys = noKeys();
      taken = new Set([...networkpolicies].map(namespaceOf));
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
