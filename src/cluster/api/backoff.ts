/** Waiting times between attempts that keep failing. */
export interface Backoff {
  /** The next wait, ms: doubles each time up to the limit, half of it random so that agents do not knock together. */
  next(): number;
  /** What was tried holds again. */
  reset(): void;
}

/** @param random uniform in [0, 1) */
export const createBackoff = (firstMs: number, limitMs: number, random: () => number): Backoff => {
  let failures = 0;
  return {
    next() {
      const ceiling = Math.min(limitMs, firstMs * 2 ** Math.min(failures, 30));
      failures += 1;
      return ceiling * (0.5 + random() / 2);
    },
    reset() {
      failures = 0;
    },
  };
};
