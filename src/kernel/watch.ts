import type { Clock } from '../model/clock.ts';

export interface WatchDeps<T> {
  readonly look: () => Promise<T>;
  /** Time from one look to the next, ms. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** Told after the first look, and where there is something else than at the last one. */
  readonly onNews: (seen: T) => void;
}

/** Looks now and then at what the loop does not depend on. */
export interface Watch<T> {
  /** What was seen last; undefined before the first look. */
  seen(): T | undefined;
  stop(): void;
}

/** The first look does not stand in the way of the first programming, ms. */
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
        // Enforcement does not depend on it, and the loop tells of a kernel that cannot be read.
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
