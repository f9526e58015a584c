import type { Clock } from '../model/clock.ts';

/**
 * Returns the real time. Pending timers keep the process alive: while a retry is due, nothing else may (no socket is
 * open to an API server that is away), and the agent must not end. Whoever stops cancels its timers.
 */
export const createSystemClock = (): Clock => ({
  now() {
    return performance.now();
  },
  wall() {
    return new Date().toISOString();
  },
  after(ms, callback) {
    if (ms === 0) {
      const immediate = setImmediate(callback);
      return () => {
        clearImmediate(immediate);
      };
    }
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
});
