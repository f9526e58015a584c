import type { ClusterChange, ClusterChanges, ObjectKind } from '../model/cluster-change.ts';

/** What changed since the last pass took it. */
export interface PendingChanges {
  /** @param change undefined where it is not known what changed */
  note(change: ClusterChange | undefined): void;
  isEmpty(): boolean;
  /** Settles once there is something, at once where there is. */
  arrival(): Promise<undefined>;
  /**
   * Hands over what was noted, and begins anew. Of policies only as many as weigh up to `most` together, the lightest first,
   * and one at least; the others stay.
   */
  take(weigh?: (key: string) => number, most?: number): ClusterChanges;
}

const noKeys = (): Record<ObjectKind, Set<string>> => ({
  pods: new Set(),
  namespaces: new Set(),
  networkpolicies: new Set(),
});

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
export const createPendingChanges = (): PendingChanges => {
  let everything = true;
  let empty = false;
  let keys = noKeys();
  let arrived = Promise.withResolvers<undefined>();
  arrived.resolve(undefined);
  return {
    note(change) {
      empty = false;
      arrived.resolve(undefined);
      if (change === undefined) everything = true;
      else if (!everything) keys[change.kind].add(change.key);
    },
    isEmpty: () => empty,
    arrival: () => arrived.promise,
    take(weigh = () => 0, most = Number.POSITIVE_INFINITY) {
      const taken = everything ? 'everything' : keys;
      const left = everything ? [] : heavy(keys.networkpolicies, weigh, most);
      everything = false;
      empty = true;
      arrived = Promise.withResolvers();
      keys = noKeys();
      for (const key of left) {
        if (taken !== 'everything') taken.networkpolicies.delete(key);
        keys.networkpolicies.add(key);
      }
      if (left.length > 0) {
        empty = false;
        arrived.resolve(undefined);
      }
      return taken;
    },
  };
};
