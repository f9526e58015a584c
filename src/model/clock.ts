/** Time as loops and sources see it, so that tests can drive it. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Wall-clock time, ISO 8601, for status and logs only: never for decisions, since it can jump. */
  wall(): string;
  /** Calls back once after `ms`, for 0 as soon as the events at hand are handled; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** The wall-clock time of an earlier `clock.now()`, ISO 8601; as exact as the wall clock is steady in between. */
export const isoTime = (clock: Pick<Clock, 'now' | 'wall'>, at: number): string =>
  new Date(Date.parse(clock.wall()) - (clock.now() - at)).toISOString();

/** The same as Unix time, seconds. */
export const unixTime = (clock: Pick<Clock, 'now' | 'wall'>, at: number): number =>
  Date.parse(isoTime(clock, at)) / 1000;
