const TICK_MS = 50;
/** A longer gap between two ticks counts as this much: the machine gave this process, and those beside it, no time. */
const MOST_MS = 200;

/** Measures the time in which the machine ran this process. */
export interface AwakeClock {
  /** In ms since the start of the clock. */
  now(): number;
  stop(): void;
}

/** On a machine that is busy with other work, a deadline by the wall clock says more about that work than about an agent. */
export const startAwakeClock = (): AwakeClock => {
  let awake = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    awake += Math.min(now - last, MOST_MS);
    last = now;
  }, TICK_MS);
  return {
    now: () => awake,
    stop() {
      clearInterval(timer);
    },
  };
};
