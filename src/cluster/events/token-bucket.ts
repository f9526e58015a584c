/** Allows a burst at once, and then one more in each interval. */
export interface TokenBucket {
  /** Returns the time in ms until there is a token. */
  wait(): number;
  take(): void;
}

/** @param now monotonic, in ms */
export const createTokenBucket = (burst: number, intervalMs: number, now: () => number): TokenBucket => {
  let tokens = burst;
  let countedAt = now();
  const count = (): void => {
    tokens = Math.min(burst, tokens + (now() - countedAt) / intervalMs);
    countedAt = now();
  };
  return {
    wait() {
      count();
      return Math.max(0, Math.ceil((1 - tokens) * intervalMs));
    },
    take() {
      count();
      tokens -= 1;
    },
  };
};
