/** Time as loops and sources see it, so that tests can drive it. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Wall-clock time, ISO 8601, for status and logs only: never for decisions, since it can jump. */
  wall(): string;
  /** Calls back once after `ms`, for 0 as soon as the events at hand are handled; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}
