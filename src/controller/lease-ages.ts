import type { Clock } from '../model/clock.ts';

/**
 * Knows for how long each Lease was not renewed. Only this machine's clock counts, since clocks of nodes may be wrong: a Lease
 * is renewed when its version changes under our eyes.
 */
export interface LeaseAges {
  /** Takes the version of a node's Lease as it is now; undefined if there is none. */
  note(node: string, version: string | undefined): void;
  /** Reports whether the Lease was renewed, or made, since it was first noted. */
  hasRenewed(node: string): boolean;
  /** Reports whether the Lease was not renewed for `ms`, during which the watch of Leases was alive. */
  isStale(node: string, ms: number): boolean;
  forget(node: string): void;
}

/** The controller's own election renews a Lease every 2 s: a watch that is silent for this long is not alive. */
const SILENCE_MS = 10_000;

interface Seen {
  readonly version: string | undefined;
  readonly at: number;
  readonly hasRenewed: boolean;
}

/** @param lastHeardAt Clock.now(), in ms, of the last message of the watch; undefined before the first */
export const createLeaseAges = (clock: Pick<Clock, 'now'>, lastHeardAt: () => number | undefined): LeaseAges => {
  const seen = new Map<string, Seen>();
  let heardAt = Number.NEGATIVE_INFINITY;
  /** Since when the watch has been alive without a gap. */
  let aliveSince = clock.now();

  const listen = (): void => {
    const at = lastHeardAt() ?? heardAt;
    if (at - heardAt > SILENCE_MS) aliveSince = at;
    heardAt = Math.max(heardAt, at);
  };

  return {
    note(node, version) {
      listen();
      const before = seen.get(node);
      if (before !== undefined && before.version === version) return;
      seen.set(node, { version, at: clock.now(), hasRenewed: before !== undefined && version !== undefined });
    },
    hasRenewed: (node) => seen.get(node)?.hasRenewed === true,
    isStale(node, ms) {
      listen();
      const now = clock.now();
      if (now - heardAt > SILENCE_MS) return false;
      return now - Math.max(seen.get(node)?.at ?? now, aliveSince) >= ms;
    },
    forget: (node) => seen.delete(node),
  };
};
