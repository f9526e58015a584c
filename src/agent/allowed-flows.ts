import type { Connections } from '../reconcile/connections.ts';
import { type Clock, settledWithin } from '../model/clock.ts';
import type { IpFamily } from '../model/family.ts';
import { createAllowedFinder, type AllowedOptions } from '../records/allowed.ts';
import { edgeKey, type FlowRecord } from '../records/record.ts';

interface AllowedFlowsParts extends AllowedOptions {
  readonly connections: Pick<Connections, 'list'>;
  readonly families: () => readonly IpFamily[];
  readonly clock: Clock;
  /** Called for each edge once per read; `isNew`: the read before did not find it. */
  readonly onFlow: (record: FlowRecord, isNew: boolean) => void;
}

/** Learns from the table of live connections who talks to whom: no packet costs anything for it. */
export interface AllowedFlows {
  start(): void;
  /** Somebody asks: settles after a look that is no older than 10 s, or that takes too long. Never rejects. */
  refresh(): Promise<void>;
  /** Somebody watches: looks follow each other faster until the returned function is called. */
  watch(): () => void;
  stop(): void;
}

const WATCHED_MS = 10_000;
const UNWATCHED_MS = 60_000;
/** Of the time of one processor that looks take at most, watched and not: a table of 200,000 entries takes a second. */
const SHARE = { watched: 0.02, unwatched: 0.002 };
/** Maximum time that a request waits for a read. */
const PATIENCE_MS = 5000;
const MOST_CONNECTIONS = 100_000;

export const createAllowedFlows = (parts: AllowedFlowsParts): AllowedFlows => {
  const { connections, families, clock, onFlow, names, node } = parts;
  const recordOf = createAllowedFinder(parts);
  let before: ReadonlySet<string> = new Set();
  let looking: Promise<void> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let tookMs = 0;
  let watchers = 0;
  let stopped = false;
  let cancel = (): void => undefined;

  const isOurs = (address: string): boolean => names.podsAt(address)[0]?.node === node;

  const lookNow = async (): Promise<void> => {
    const began = clock.now();
    try {
      const found = await connections.list(
        families(),
        { concerns: (source, destination) => isOurs(source) || isOurs(destination), selects: () => true },
        MOST_CONNECTIONS,
      );
      const edges = new Map<string, FlowRecord>();
      for (const connection of found) {
        const record = recordOf(connection);
        if (record !== undefined) edges.set(edgeKey(record), record);
      }
      for (const [key, record] of edges) onFlow(record, !before.has(key));
      before = new Set(edges.keys());
    } catch {
      // The review of live connections reads the same table and reports it.
    }
    lookedAt = clock.now();
    tookMs = lookedAt - began;
  };

  const look = (): Promise<void> =>
    (looking ??= lookNow().finally(() => {
      looking = undefined;
    }));

  const schedule = (): void => {
    cancel();
    if (stopped) return;
    const isWatched = watchers > 0;
    const least = isWatched ? WATCHED_MS : UNWATCHED_MS;
    const wait = Math.max(least, tookMs / (isWatched ? SHARE.watched : SHARE.unwatched));
    cancel = clock.after(Math.max(0, Math.min(wait, wait - (clock.now() - lookedAt))), () => {
      void look().then(schedule);
    });
  };

  return {
    start() {
      lookedAt = clock.now();
      schedule();
    },
    async refresh() {
      if (clock.now() - lookedAt < WATCHED_MS && before.size > 0) return;
      await settledWithin(clock, PATIENCE_MS, look());
    },
    watch() {
      watchers += 1;
      schedule();
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        watchers -= 1;
      };
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
};
