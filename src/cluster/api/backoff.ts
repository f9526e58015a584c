/** Waits between attempts that keep failing. */
export interface Backoff {
  /** Returns the next wait in ms. It doubles up to the limit; half of it is random, so that agents do not retry together. */
  next(): number;
  /** Starts again with the first wait, after a success. */
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
