import type { Clock } from '../model/clock.ts';

/**
 * Looks at the connections of what just changed by themselves, where a review of all takes long. Each namespace has its own
 * turn: that one has very many connections keeps no other waiting.
 */
export interface UrgentReview {
  begin(concerned: Iterable<readonly [string, ReadonlySet<string>]>): void;
  /** Finishes what is under way and begins no other. */
  stop(): Promise<void>;
}

export interface UrgentReviewPorts {
  readonly clock: Clock;
  /** Looks at connections with an end at one of the addresses, some of them at once. @returns whether there are more */
  readonly review: (addresses: readonly string[]) => Promise<boolean>;
}

/** Each costs a look of its own at the table; where more changed the review of all is as quick. */
const MOST_ADDRESSES = 8;
/** Namespaces that are looked at at the same time. */
const LANES = 3;
/** Changes within this time are looked at together, ms. */
const QUIET_MS = 20;
/** From one look of a namespace to its next, ms. */
const PAUSE_MS = 200;
/** Namespaces that wait; the others are left to the review of all. */
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
    // Where it fails the review of all, which is due in any case, tells of it.
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
