import type { End } from './end.ts';
import { edgeKey, type FlowRecord, type StoredFlow } from './record.ts';

/** How much the store still tells apart, see StoreOptions.maxBytes. */
export const RESOLUTIONS = ['5 minutes', '1 hour', '1 hour, addresses by class'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** A policy that came, changed or went. */
export interface PolicyRevision {
  /** ISO 8601 */
  readonly at: string;
  /** `namespace/name` */
  readonly policy: string;
  readonly change: 'set' | 'removed';
}

/** The state of the store. */
export interface StoreStatus {
  readonly edges: number;
  /** An estimate. */
  readonly bytes: number;
  readonly resolution: Resolution;
  /** Records of edges that were given up for room, in the last 24 hours. */
  readonly forgotten: number;
  /** Since when records are kept without a gap, ISO 8601. */
  readonly since: string;
}

/** The edges of the last 24 hours. Holds no clock: the time comes with what is noted. */
export interface FlowStore {
  note(record: FlowRecord, count?: number): void;
  noteRevision(revision: PolicyRevision): void;
  /** Those met at `since` (ms since the epoch) or later, the oldest first; counts are from then on, to the resolution. */
  flows(since?: number): readonly StoredFlow[];
  revisions(since?: number): readonly PolicyRevision[];
  /** Forgets what is older than 24 hours. */
  prune(now: number): void;
  status(): StoreStatus;
  /** All of it as lines of JSON, and back. @throws where a line is none of this store */
  dump(): Iterable<string>;
  load(lines: Iterable<string>): void;
}

interface Entry {
  flow: FlowRecord;
  readonly firstAt: number;
  lastAt: number;
  /** Beginnings of buckets, in units of 5 minutes, and the count of each. */
  readonly buckets: Map<number, number>;
}

interface StoreOptions {
  /** ms since the epoch: records are kept from now on. */
  readonly startedAt: number;
  /** Above this the resolution becomes coarser. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 48 * 2 ** 20;
const BUCKET_MS = 300_000;
const DAY_MS = 86_400_000;
const HOUR_BUCKETS = 12;
const MOST_REVISIONS = 10_000;

/** Of an edge with its strings and maps, and of one bucket; measured with some room. */
const EDGE_BYTES = 1400;
const BUCKET_BYTES = 40;

const withoutAddress = (end: End): End =>
  end.kind === 'internet' || end.kind === 'private' || end.kind === 'link' ? { ...end, address: '' } : end;

const byClass = (record: FlowRecord): FlowRecord => ({
  ...record,
  source: withoutAddress(record.source),
  destination: withoutAddress(record.destination),
});

const sizeOf = ({ buckets }: Entry): number => EDGE_BYTES + BUCKET_BYTES * buckets.size;

export const createFlowStore = ({ startedAt, maxBytes = MAX_BYTES }: StoreOptions): FlowStore => {
  const entries = new Map<string, Entry>();
  let revisions: PolicyRevision[] = [];
  let level = 0;
  let bytes = 0;
  let since = startedAt;
  let forgotten = 0;

  const bucketOf = (at: number): number => {
    const bucket = Math.floor(at / BUCKET_MS);
    return level === 0 ? bucket : bucket - (bucket % HOUR_BUCKETS);
  };

  const shape = (record: FlowRecord): FlowRecord => (level < 2 ? record : byClass(record));

  const put = (record: FlowRecord, at: number, count: number, firstAt = at): void => {
    const flow = shape(record);
    const key = edgeKey(flow);
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = { flow, firstAt, lastAt: at, buckets: new Map() };
      bytes += EDGE_BYTES;
    } else if (at >= entry.lastAt) {
      entry.flow = flow;
      entry.lastAt = at;
      // The order is that of the last time.
      entries.delete(key);
    }
    entries.set(key, entry);
    const bucket = bucketOf(at);
    const before = entry.buckets.get(bucket);
    if (before === undefined) bytes += BUCKET_BYTES;
    entry.buckets.set(bucket, (before ?? 0) + count);
  };

  const rebuild = (): void => {
    const all = [...entries.values()].sort((a, b) => a.lastAt - b.lastAt);
    entries.clear();
    bytes = 0;
    for (const { flow, firstAt, lastAt, buckets } of all) {
      for (const [bucket, count] of buckets) {
        put(flow, Math.max(firstAt, Math.min(lastAt, bucket * BUCKET_MS)), count, firstAt);
      }
      const entry = entries.get(edgeKey(shape(flow)));
      if (entry !== undefined) entry.lastAt = Math.max(entry.lastAt, lastAt);
    }
  };

  /** Gives up the tenth that was not met for the longest time. */
  const giveUp = (): void => {
    let left = Math.ceil(entries.size / 10);
    for (const [key, entry] of entries) {
      if (left === 0) return;
      left -= 1;
      entries.delete(key);
      bytes -= sizeOf(entry);
      for (const count of entry.buckets.values()) forgotten += count;
    }
  };

  const makeRoom = (): void => {
    if (bytes <= maxBytes) return;
    if (level < RESOLUTIONS.length - 1) {
      level += 1;
      rebuild();
      makeRoom();
    } else giveUp();
  };

  const toStored = ({ flow, firstAt, buckets }: Entry, from: number): StoredFlow => {
    const first = bucketOf(from);
    let count = 0;
    for (const [bucket, each] of buckets) if (bucket >= first) count += each;
    return { ...flow, since: new Date(firstAt).toISOString(), count };
  };

  return {
    note(record, count = 1) {
      put(record, Date.parse(record.at), count);
      makeRoom();
    },
    noteRevision(revision) {
      revisions.push(revision);
      if (revisions.length > MOST_REVISIONS) revisions = revisions.slice(-MOST_REVISIONS / 2);
    },
    flows: (from = 0) =>
      [...entries.values()]
        .filter(({ lastAt }) => lastAt >= from)
        .sort((a, b) => a.lastAt - b.lastAt)
        .map((entry) => toStored(entry, from)),
    revisions: (from = 0) => revisions.filter(({ at }) => Date.parse(at) >= from),
    prune(now) {
      const oldest = now - DAY_MS;
      const first = Math.floor(oldest / BUCKET_MS);
      for (const [key, entry] of entries) {
        for (const bucket of entry.buckets.keys()) {
          if (bucket >= first) continue;
          entry.buckets.delete(bucket);
          bytes -= BUCKET_BYTES;
        }
        if (entry.lastAt >= oldest) continue;
        bytes -= sizeOf(entry);
        entries.delete(key);
      }
      revisions = revisions.filter(({ at }) => Date.parse(at) >= oldest);
      since = Math.max(since, oldest);
    },
    status: () => ({
      edges: entries.size,
      bytes,
      resolution: RESOLUTIONS[level] ?? RESOLUTIONS[0],
      forgotten,
      since: new Date(since).toISOString(),
    }),
    *dump() {
      yield JSON.stringify({ since, level, forgotten });
      for (const revision of revisions) yield JSON.stringify({ revision });
      // More may come while lines are taken.
      for (const { flow, firstAt, lastAt, buckets } of [...entries.values()]) {
        yield JSON.stringify({ flow, firstAt, lastAt, buckets: [...buckets] });
      }
    },
    load(lines) {
      let isFirst = true;
      for (const line of lines) {
        const read = JSON.parse(line) as Partial<{
          since: number;
          level: number;
          forgotten: number;
          revision: PolicyRevision;
          flow: FlowRecord;
          firstAt: number;
          lastAt: number;
          buckets: [number, number][];
        }>;
        if (isFirst) {
          isFirst = false;
          since = Math.min(since, read.since ?? since);
          level = read.level ?? 0;
          forgotten = read.forgotten ?? 0;
        } else if (read.revision !== undefined) revisions.push(read.revision);
        else if (read.flow !== undefined && read.firstAt !== undefined && read.lastAt !== undefined) {
          const entry: Entry = {
            flow: read.flow,
            firstAt: read.firstAt,
            lastAt: read.lastAt,
            buckets: new Map(read.buckets),
          };
          entries.set(edgeKey(read.flow), entry);
          bytes += sizeOf(entry);
        } else throw new TypeError('a line is no record');
      }
      makeRoom();
    },
  };
};
