/** The time for loops and sources; tests can control it. */
export interface Clock {
  /** Returns monotonic milliseconds. */
  now(): number;
  /** Returns wall-clock time (ISO 8601) for status and logs only: it can jump, so no decision may depend on it. */
  wall(): string;
  /** Calls back once after `ms`; for 0, after the pending events are handled. The returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** The wall-clock time of an earlier `clock.now()`, ISO 8601; as exact as the wall clock is steady in between. */
export const isoTime = (clock: Pick<Clock, 'now' | 'wall'>, at: number): string =>
  new Date(Date.parse(clock.wall()) - (clock.now() - at)).toISOString();

/** Returns the same as Unix time in seconds. */
export const unixTime = (clock: Pick<Clock, 'now' | 'wall'>, at: number): number =>
  Date.parse(isoTime(clock, at)) / 1000;

/** Waits for the work, up to `ms`; the work goes on after that. Never rejects, whatever becomes of the work. */
export const settledWithin = (clock: Pick<Clock, 'after'>, ms: number, work: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    const settle = (): void => {
      cancel();
      resolve();
    };
    work.then(settle, settle);
  });
