import type { ClusterChange, ClusterChanges, ObjectKind } from '../model/cluster-change.ts';

/** What changed since the last pass took it. */
export interface PendingChanges {
  /** @param change undefined where it is not known what changed */
  note(change: ClusterChange | undefined): void;
  isEmpty(): boolean;
  /** Settles once there is something, at once where there is. */
  arrival(): Promise<undefined>;
  /** Hands over what was noted, and begins anew. */
  take(): ClusterChanges;
}

const noKeys = (): Record<ObjectKind, Set<string>> => ({
  pods: new Set(),
  namespaces: new Set(),
  networkpolicies: new Set(),
});

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
    take() {
      const taken = everything ? 'everything' : keys;
      everything = false;
      empty = true;
      arrived = Promise.withResolvers();
      keys = noKeys();
      return taken;
    },
  };
};
