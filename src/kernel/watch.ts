import type { Clock } from '../model/clock.ts';

export interface WatchDeps<T> {
  readonly look: () => Promise<T>;
  /** Interval of checks. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** Called after the first check, and whenever the result differs from the last one. */
  readonly onNews: (seen: T) => void;
}

/** Regularly reads state that the loop does not depend on. */
export interface Watch<T> {
  /** Returns the last result; undefined before the first check. */
  seen(): T | undefined;
  stop(): void;
}

/** Delays the first check, so that it does not compete with the first programming. */
const FIRST_MS = 10_000;

/** @template T plain data */
export const createWatch = <T>({ look, everyMs, clock, onNews }: WatchDeps<T>): Watch<T> => {
  let seen: T | undefined;
  let stopped = false;
  const note = (now: T): void => {
    const isNews = JSON.stringify(now) !== JSON.stringify(seen);
    seen = now;
    if (isNews) onNews(now);
  };
  const next = (ms: number): (() => void) =>
    clock.after(ms, () => {
      void look()
        // Enforcement does not depend on it, and the loop reports a kernel that cannot be read.
        .then(note, () => undefined)
        .then(() => {
          if (!stopped) cancel = next(everyMs);
        });
    });
  let cancel = next(FIRST_MS);
  return {
    seen: () => seen,
    stop() {
      stopped = true;
      cancel();
    },
  };
};
