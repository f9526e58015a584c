/** How long the reflectors wait for what; all in ms but `watchSeconds`. */
export interface Timing {
  /** First and longest wait before trying again. */
  readonly backoffFirst: number;
  readonly backoffLimit: number;
  /** A watch open this long was sound: the next failure starts with the first wait again. */
  readonly stable: number;
  /** A full re-list waits a random part of this, so that the agents of a cluster do not all list at once. */
  readonly relistJitter: number;
  /** After so much uninterrupted trouble the watch is not taken up again: a backup may have been restored meanwhile. */
  readonly resumeWithin: number;
  /** For so long the server has to insist that nothing is left of a kind before it is believed. */
  readonly emptyConfirm: number;
  /** Longest wait that a server's Retry-After can ask for. */
  readonly retryAfterLimit: number;
  /** Silence in a list's answer after which the connection is taken for dead. */
  readonly listSilence: number;
  /** The same in a watch that has spoken: from then on the server sends a bookmark about every minute. */
  readonly watchSilence: number;
  /** How long past its time a watch that never spoke may stay open. */
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
  watchOverrun: 30_000,
  watchSeconds: [300, 600],
  pageSize: 500,
};
