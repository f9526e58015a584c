import type { Clock } from '../../model/clock.ts';

/** A list is unexpectedly empty. The known state stays. */
export class EmptyListError extends Error {
  constructor(path: string, ms: number) {
    super(`${path}: list is unexpectedly empty; ignoring it until it has been empty for ${String(ms / 1000)} s`);
    this.name = 'EmptyListError';
  }
}

/** Judges lists that would remove all known objects of a kind. */
export interface EmptyLists {
  /** Takes each full list. @throws EmptyListError for one that is not accepted yet */
  judge(path: string, isEmpty: boolean, isExpected: boolean): void;
}

/**
 * Accepts an empty list only once the server has returned it for `confirmMs`. A server that was started with the wrong
 * data, or that does not have its data yet, answers with empty lists too; accepting one at once would open every pod. If
 * the list really is empty, denied traffic stays denied for that much longer.
 */
export const createEmptyLists = (clock: Clock, confirmMs: number): EmptyLists => {
  let since: number | undefined;
  return {
    judge(path, isEmpty, isExpected) {
      if (!isEmpty || isExpected) {
        since = undefined;
        return;
      }
      since ??= clock.now();
      if (clock.now() - since < confirmMs) throw new EmptyListError(path, confirmMs);
      since = undefined;
    },
  };
};
