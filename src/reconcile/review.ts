import type { Clock } from '../model/clock.ts';
import type { Connection, ConnectionSelection, TrackedConnection } from '../model/connection.ts';
import type { IpFamily } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { type ConnectionJudge, createConnectionJudge, openingOf } from '../trace/connection-judge.ts';
import { retryDelay } from './backoff.ts';
import type { Connections } from './connections.ts';
import type { SyncResult } from './sync-result.ts';

/** A review begins when nothing changed for so long, ms. */
const QUIET_MS = 100;
/** However much changes, a review begins so long after the first change at the latest, ms. */
const LATEST_MS = 1_200;
/** Where changes never end: so long after the end of the last review at the earliest, ms, */
const PAUSE_MS = 1_200;
/** and so many times what that one took, for where the kernel tracks very many connections. */
const PAUSE_FACTOR = 4;

/** What was cut is remembered so long: by then nothing of it is held closed any more, ms. */
const REMEMBERED_MS = 120_000;

/** What one look through the live connections did. */
export interface ReviewResult {
  /** Connections that were deleted because the policies deny them now. */
  readonly cut: number;
  readonly durationMs: number;
  /** Why it failed, in one line; it is tried again. */
  readonly error: string | undefined;
}

export interface ReviewPorts {
  readonly connections: Connections;
  readonly families: readonly IpFamily[];
  readonly clock: Clock;
  /** What is in force. */
  readonly policy: () => NodePolicy;
  /** Told of every review; must not throw. */
  readonly report: (result: ReviewResult) => void;
}

/**
 * Holds live connections to the newest policy: rules meet only what opens a connection, so after a change those that
 * it denies are cut.
 */
export interface Review {
  /** Told of every pass of the loop; only some are followed by a review. */
  after(pass: Pick<SyncResult, 'outcome' | 'reason'>): void;
  /** Finishes the review under way and begins no other. */
  stop(): Promise<void>;
}

/**
 * Whether connections may be there that what is in force denies. When the agent starts, nobody looked while it was away,
 * and a pass that had failed may have done its work all the same.
 */
const mayLeaveDenied = ({ outcome, reason }: Pick<SyncResult, 'outcome' | 'reason'>): boolean =>
  outcome === 'applied' || (outcome === 'unchanged' && (reason === 'start' || reason === 'retry'));

export const createReview = ({ connections, families, clock, policy, report }: ReviewPorts): Review => {
  let firstAt: number | undefined;
  let lately: readonly { readonly connection: Connection; readonly until: number }[] = [];
  /** Kept for as long as a review takes: it remembers what it said of each connection. */
  let newest: { readonly policy: NodePolicy; readonly judge: ConnectionJudge } | undefined;
  let failures = 0;
  let stopped = false;
  let running: Promise<void> | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;
  let cancelTimer: (() => void) | undefined;

  const cut = async (denied: readonly TrackedConnection[]): Promise<number> => {
    const until = clock.now() + REMEMBERED_MS;
    lately = [...lately, ...denied.map((connection) => ({ connection, until }))];
    return connections.cut(denied);
  };

  /** What was cut and is allowed again may come back at once, from either end. */
  const releaseAllowed = async (judge: ConnectionJudge): Promise<void> => {
    const still = lately.filter(({ until }) => until > clock.now());
    lately = still.filter(({ connection }) => !judge.allows(openingOf(connection)));
    const allowed = still.filter(({ connection }) => judge.allows(openingOf(connection)));
    if (allowed.length > 0) await connections.release(allowed.map(({ connection }) => connection));
  };

  /** By what is in force now. Where there are many rules it takes half a millisecond to make one. */
  const judgeNow = (): ConnectionJudge => {
    const now = policy();
    if (newest?.policy !== now) newest = { policy: now, judge: createConnectionJudge(now) };
    return newest.judge;
  };

  /** While the table is read passes may come to their end: each entry is judged by what is in force when it is read. */
  const denied: ConnectionSelection = {
    concerns: (source, destination) => judgeNow().concerns(source, destination),
    selects: (opening) => !judgeNow().allows(opening),
  };

  /** Of those found to be denied: what still is, and meets rules of ours. */
  const stillDenied = async <Read extends Connection>(found: readonly Read[]): Promise<readonly Read[]> => {
    if (found.length === 0) return [];
    // What begins or ends in the node itself passes none.
    const own = await connections.ownAddresses(families);
    const judge = judgeNow();
    return found.filter(
      (connection) =>
        !own.has(connection.original.source) &&
        !own.has(connection.reply.source) &&
        !judge.allows(openingOf(connection)),
    );
  };

  const cutDenied = async (): Promise<number> => {
    if (policy().isolations.length === 0) return 0;
    await releaseAllowed(judgeNow());
    // Nearly always it shows that nothing is to be cut; where something is, only the list tells which entries.
    const glimpsed = await connections.glance(families, denied);
    if (glimpsed !== undefined && (await stillDenied(glimpsed)).length === 0) return 0;
    return cut(await stillDenied(await connections.list(families, denied)));
  };

  const run = async (): Promise<void> => {
    const startedAt = clock.now();
    const finish = (count: number, error?: string): void => {
      newest = undefined;
      const durationMs = clock.now() - startedAt;
      notBefore = clock.now() + Math.max(PAUSE_MS, PAUSE_FACTOR * durationMs);
      report({ cut: count, durationMs, error });
    };
    firstAt = undefined;
    try {
      const count = await cutDenied();
      failures = 0;
      finish(count);
    } catch (error) {
      failures += 1;
      firstAt ??= clock.now();
      finish(0, messageOf(error));
    }
  };

  const schedule = (): void => {
    if (stopped || running !== undefined || firstAt === undefined) return;
    cancelTimer?.();
    const now = clock.now();
    const quiet = Math.max(0, Math.min(QUIET_MS, firstAt + LATEST_MS - now), notBefore - now);
    cancelTimer = clock.after(failures > 0 ? retryDelay(failures) : quiet, () => {
      running = run().finally(() => {
        running = undefined;
        schedule();
      });
    });
  };

  return {
    after(pass) {
      if (!mayLeaveDenied(pass)) return;
      firstAt ??= clock.now();
      if (failures === 0) schedule();
    },
    async stop() {
      stopped = true;
      cancelTimer?.();
      await running;
    },
  };
};
