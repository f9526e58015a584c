import type { Clock } from '../../model/clock.ts';

/** A list is empty that should not be. What is known stays known. */
export class EmptyListError extends Error {
  constructor(path: string, ms: number) {
    super(`${path}: list is unexpectedly empty; ignoring it until it has been empty for ${String(ms / 1000)} s`);
    this.name = 'EmptyListError';
  }
}

/** Judges lists that would wipe out everything known of a kind. */
export interface EmptyLists {
  /** Told of each full list. @throws EmptyListError for one that is not to be believed yet. */
  judge(path: string, isEmpty: boolean, isExpected: boolean): void;
}

/**
 * An API server that was started with the wrong data, or is about to get the right one, answers like any other: with
 * nothing. To believe it at once would open every pod. So it has to stay with that for a while; if it is true after all,
 * then what was denied stays denied for so much longer.
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
