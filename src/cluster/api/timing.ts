/** The waits of reflectors, in ms except for `watchSeconds`. */
export interface Timing {
  /** First and longest wait before a retry. */
  readonly backoffFirst: number;
  readonly backoffLimit: number;
  /** A watch that was open for at least this long was sound: the next failure starts with the first wait again. */
  readonly stable: number;
  /** A full re-list waits a random part of this, so that the agents of a cluster do not all list at once. */
  readonly relistJitter: number;
  /** A watch resumes only within this time of continuous failure: later, a backup may have been restored. */
  readonly resumeWithin: number;
  /** How long the server must keep returning an empty list before the agent accepts it. */
  readonly emptyConfirm: number;
  /** Longest wait accepted from a server's Retry-After. */
  readonly retryAfterLimit: number;
  /** Maximum silence within a list's answer before the connection counts as dead. */
  readonly listSilence: number;
  /** The same in a watch that has sent a message: from then on the server sends a bookmark about every minute. */
  readonly watchSilence: number;
  /** Silence in a watch after which the agent asks whether the server still answers anything. */
  readonly watchDoubt: number;
  /** Time that the server has for that answer. */
  readonly answerWithin: number;
  /** How long after its timeout a watch that never sent a message may stay open. */
  readonly watchOverrun: number;
  /** The server closes a watch after a random time between the two (`timeoutSeconds`), which spreads load over servers. */
  readonly watchSeconds: readonly [shortest: number, longest: number];
  /** Objects per page of a list (`limit`). */
  readonly pageSize: number;
}

export const DEFAULT_TIMING: Timing = {
  backoffFirst: 200,
  backoffLimit: 30_000,
  stable: 10_000,
  relistJitter: 2000,
  resumeWithin: 60_000,
  emptyConfirm: 30_000,
  retryAfterLimit: 300_000,
  listSilence: 60_000,
  watchSilence: 150_000,
  // Bookmarks come up to 76 s apart. Both waits together leave time to report a hung server within two minutes.
  watchDoubt: 80_000,
  answerWithin: 15_000,
  watchOverrun: 30_000,
  watchSeconds: [300, 600],
  pageSize: 500,
};
