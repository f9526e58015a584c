/** Wait after the first failure. */
const FIRST_MS = 100;
/** Maximum wait, so that recovery is quick and needs no help. */
const LONGEST_MS = 10_000;

/** Returns the wait in ms after a number of failures in a row (1 or more). */
export const retryDelay = (failures: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
