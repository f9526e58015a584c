/** First wait after a failure, ms. */
const FIRST_MS = 100;
/** No wait is longer, so that recovery needs nobody and takes no long, ms. */
const LONGEST_MS = 10_000;

/** How long to wait after so many failures in a row (1 or more), ms. */
export const retryDelay = (failures: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
