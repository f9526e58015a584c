/** Lets so many pass at once, and from then on so many a second. */
export interface Rate {
  /** Whether one more may pass; if so, how many were turned away since the last that passed. */
  take(): { readonly turnedAway: number } | undefined;
}

export interface RateLimits {
  readonly burst: number;
  readonly perSecond: number;
}

/** @param now monotonic milliseconds */
export const createRate = ({ burst, perSecond }: RateLimits, now: () => number): Rate => {
  let tokens = burst;
  let filledAt = now();
  let turnedAway = 0;
  return {
    take() {
      const at = now();
      tokens = Math.min(burst, tokens + ((at - filledAt) / 1000) * perSecond);
      filledAt = at;
      if (tokens < 1) {
        turnedAway += 1;
        return undefined;
      }
      tokens -= 1;
      const passed = { turnedAway };
      turnedAway = 0;
      return passed;
    },
  };
};
