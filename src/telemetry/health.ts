/** An answer to "is it well?" with the reason, for people who read the probe's output. */
export interface Health {
  readonly ok: boolean;
  readonly reason: string;
}

/** Tells whether a loop still turns. */
export interface Heartbeat {
  /** The loop came round. */
  beat(): void;
  health(): Health;
}

/**
 * @param now monotonic milliseconds
 * @param maxSilenceMs the longest that a healthy loop may need for one turn
 */
export const createHeartbeat = (now: () => number, maxSilenceMs: number): Heartbeat => {
  let lastBeat = now();
  return {
    beat: () => {
      lastBeat = now();
    },
    health: () => {
      const silence = now() - lastBeat;
      return silence <= maxSilenceMs
        ? { ok: true, reason: 'ok' }
        : { ok: false, reason: `the loop has not come round for ${Math.round(silence / 1000)} s` };
    },
  };
};
