import type { Clock } from '../../src/model/clock.ts';

/** A clock that moves only when the test says so. */
export interface DrivenClock extends Clock {
  /** Runs everything that is due now, and all that follows from it without time passing. */
  settle(): Promise<void>;
  /** Lets this many ms pass; everything that becomes due runs at its time. */
  pass(ms: number): Promise<void>;
  /** Returns when the next timer is due, in ms from now; undefined if none is set. */
  nextIn(): number | undefined;
}

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

const turnOfTheLoop = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

export const createDrivenClock = (): DrivenClock => {
  let now = 1_000;
  const timers = new Set<Timer>();

  const next = (): Timer | undefined => [...timers].sort((a, b) => a.due - b.due)[0];

  const runUntil = async (end: number): Promise<void> => {
    await turnOfTheLoop();
    for (let timer = next(); timer !== undefined && timer.due <= end; timer = next()) {
      now = Math.max(now, timer.due);
      timers.delete(timer);
      timer.callback();
      // The fakes wait only for promises, so everything that the callback began is over after one turn.
      await turnOfTheLoop();
    }
    now = end;
  };

  return {
    now: () => now,
    wall: () => new Date(Date.UTC(2026, 0, 1) + now).toISOString(),
    after(ms, callback) {
      const timer = { due: now + ms, callback };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    settle: () => runUntil(now),
    pass: (ms) => runUntil(now + ms),
    nextIn() {
      const timer = next();
      return timer === undefined ? undefined : timer.due - now;
    },
  };
};
