/** Allows a burst at once, and then a number per second. */
export interface Rate {
  /** Takes one if it is allowed, and returns how many were refused since the last one. */
  take(): { readonly turnedAway: number } | undefined;
}

export interface RateLimits {
  readonly burst: number;
  readonly perSecond: number;
}

/** @param now returns monotonic milliseconds */
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
