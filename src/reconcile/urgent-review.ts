import type { Clock } from '../model/clock.ts';

/**
 * Reviews the connections of recent changes by themselves, while a full review takes long. Each namespace has its own
 * turn, so that one with very many connections delays no other.
 */
export interface UrgentReview {
  begin(concerned: Iterable<readonly [string, ReadonlySet<string>]>): void;
  /** Finishes the current reviews and starts no others. */
  stop(): Promise<void>;
}

export interface UrgentReviewPorts {
  readonly clock: Clock;
  /** Reviews some connections with an end at one of the addresses. @returns whether there are more */
  readonly review: (addresses: readonly string[]) => Promise<boolean>;
}

/** Each address costs a read of the table; with more changed addresses the full review is as fast. */
const MOST_ADDRESSES = 8;
/** Number of namespaces that are reviewed at the same time. */
const LANES = 3;
/** Changes within this time are reviewed together. */
const QUIET_MS = 20;
/** Minimum interval of a namespace's reviews. */
const PAUSE_MS = 200;
/** Maximum namespaces that wait; the full review covers the others. */
const MOST_WAITING = 100;

export const createUrgentReview = ({ clock, review }: UrgentReviewPorts): UrgentReview => {
  /** By namespace, oldest first. */
  const waiting = new Map<string, Set<string>>();
  const running = new Map<string, Promise<void>>();
  const resting = new Map<string, () => void>();
  let stopped = false;

  const rest = (namespace: string, ms: number): void => {
    resting.get(namespace)?.();
    resting.set(
      namespace,
      clock.after(ms, () => {
        resting.delete(namespace);
        next();
      }),
    );
  };

  const add = (namespace: string, addresses: Iterable<string>): void => {
    const known = waiting.get(namespace);
    if (known === undefined && waiting.size >= MOST_WAITING) return;
    const all = known ?? new Set<string>();
    for (const address of addresses) if (all.size < MOST_ADDRESSES) all.add(address);
    waiting.set(namespace, all);
  };

  const look = async (namespace: string, addresses: readonly string[]): Promise<void> => {
    // The full review, which is due in any case, reports its own failures.
    const isMore = await review(addresses).catch(() => false);
    running.delete(namespace);
    if (stopped) return;
    if (isMore) add(namespace, addresses);
    rest(namespace, PAUSE_MS);
    next();
  };

  const next = (): void => {
    if (stopped) return;
    for (const [namespace, addresses] of waiting) {
      if (running.size >= LANES) return;
      if (running.has(namespace) || resting.has(namespace)) continue;
      waiting.delete(namespace);
      running.set(namespace, look(namespace, [...addresses]));
    }
  };

  return {
    begin(concerned) {
      for (const [namespace, addresses] of concerned) {
        add(namespace, addresses);
        if (!running.has(namespace) && !resting.has(namespace)) rest(namespace, QUIET_MS);
      }
    },
    async stop() {
      stopped = true;
      for (const cancel of resting.values()) cancel();
      await Promise.all(running.values());
    },
  };
};
