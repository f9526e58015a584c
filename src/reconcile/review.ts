import type { Clock } from '../model/clock.ts';
import type { Connection, ConnectionSelection, Opening, TrackedConnection } from '../model/connection.ts';
import type { IpFamily } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { openerByPorts } from '../program/client-ports.ts';
import { type ConnectionJudge, createConnectionJudge, openingOf, turnedOpening } from '../trace/connection-judge.ts';
import { retryDelay } from './backoff.ts';
import type { Connections } from './connections.ts';
import type { CutMemory } from './cut-memory.ts';
import { createReopenGuard } from './reopen-guard.ts';
import type { SyncResult } from './sync-result.ts';
import { createUrgentReview } from './urgent-review.ts';

/** A review begins when nothing changed for so long, ms. */
const QUIET_MS = 100;
/** However much changes, a review begins so long after the first change at the latest, ms. */
const LATEST_MS = 1_200;
/** Where changes never end: so long after the end of the last review at the earliest, ms, */
const PAUSE_MS = 1_200;
/** and so many times what that one took, for where the kernel tracks very many connections. */
const PAUSE_FACTOR = 4;

/** Connections that are found, judged and cut at once; very many are cut in rounds. */
const ROUND = 8_192;
/** Of these each program that deletes gets, so that they are held closed and gone within some 20 ms. */
const PORTION = 1_024;
/** A review that takes this long is one of a large table, ms: what changed is then looked at by itself, see createUrgentReview. */
const SLOW_MS = 100;

/** What one look through the live connections did. */
export interface ReviewResult {
  /** Connections that were deleted because the policies deny them now. */
  readonly cut: number;
  readonly durationMs: number;
  /** Why it failed, in one line; it is tried again. */
  readonly error: string | undefined;
  /** It was about what had just changed alone: that it went well says nothing of the whole. */
  readonly isOfSome?: true;
}

export interface ReviewPorts {
  readonly connections: Connections;
  /** Whose rules are in force; asked at each look. Connections of others are left alone. */
  readonly families: () => readonly IpFamily[];
  readonly clock: Clock;
  /** What is in force. */
  readonly policy: () => NodePolicy;
  /** Told of what is cut. */
  readonly memory?: Pick<CutMemory, 'note'>;
  /** Told of every review; must not throw. */
  readonly report: (result: ReviewResult) => void;
}

/**
 * Holds live connections to the newest policy: rules meet only what opens a connection, so after a change those that
 * it denies are cut.
 */
export interface Review {
  /** Told of every pass of the loop; only some are followed by a review. */
  after(pass: Pick<SyncResult, 'outcome' | 'reason'> & Partial<Pick<SyncResult, 'concerned'>>): void;
  /** Finishes the review under way and begins no other. */
  stop(): Promise<void>;
}

/**
 * Whether connections may be there that what is in force denies. When the agent starts, nobody looked while it was away,
 * and a pass that had failed may have done its work all the same.
 */
const mayLeaveDenied = ({ outcome, reason }: Pick<SyncResult, 'outcome' | 'reason'>): boolean =>
  outcome === 'applied' || (outcome === 'unchanged' && (reason === 'start' || reason === 'retry'));

const TCP = 6;

/** Where the kernel took up the connection in the middle its ends are the other way round, as far as the ports tell. */
const mayBeTurned = ({ protocol, sourcePort, port }: Opening): boolean =>
  protocol === TCP && openerByPorts({ sourcePort, destinationPort: port }) === 'destination';

/** The connection, as if its other end had opened it. */
const turned = <Read extends Connection>(connection: Read): Read => ({
  ...connection,
  original: connection.reply,
  reply: connection.original,
});

export const createReview = ({ connections, families, clock, policy, memory, report }: ReviewPorts): Review => {
  let firstAt: number | undefined;
  const guard = createReopenGuard(connections, clock);
  /** Changed since the last review of all began. */
  let concerned: readonly (readonly [string, ReadonlySet<string>])[] = [];
  let lastMs = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  /** Kept for as long as a review takes: it remembers what it said of each connection. */
  let newest: { readonly policy: NodePolicy; readonly judge: ConnectionJudge } | undefined;
  let failures = 0;
  let stopped = false;
  let running: Promise<void> | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;
  let cancelTimer: (() => void) | undefined;

  const cut = async (denied: readonly TrackedConnection[]): Promise<number> => {
    let count = 0;
    for (let at = 0; at < denied.length; at += PORTION) {
      const portion = denied.slice(at, at + PORTION);
      // Before, so that no datagram slips in between; one that cannot be held closed is cut all the same.
      await guard.hold(portion, judgeNow());
      // Of those whose ends the kernel may take for each other either may be meant.
      memory?.note(portion.flatMap((each) => (mayBeTurned(openingOf(each)) ? [each, turned(each)] : [each])));
      count += await connections.cut(portion);
    }
    return count;
  };

  /** By what is in force now. Where there are many rules it takes half a millisecond to make one. */
  const judgeNow = (): ConnectionJudge => {
    const now = policy();
    if (newest?.policy !== now) newest = { policy: now, judge: createConnectionJudge(now) };
    return newest.judge;
  };

  const isDeniedAsIs = (judge: ConnectionJudge, opening: Opening): boolean =>
    guard.isReopened(opening) || (judge.concerns(opening.source, opening.destination) && !judge.allows(opening));

  const isDeniedTurned = (judge: ConnectionJudge, opening: Opening): boolean =>
    mayBeTurned(opening) &&
    judge.concerns(opening.destination, opening.source) &&
    !judge.allows(turnedOpening(opening));

  const isDenied = (judge: ConnectionJudge, opening: Opening): boolean =>
    isDeniedAsIs(judge, opening) || isDeniedTurned(judge, opening);

  /** Both ends are of one family. */
  const isInForce = (address: string): boolean => families().includes(address.includes(':') ? 'ipv6' : 'ipv4');

  /** While the table is read passes may come to their end: each entry is judged by what is in force when it is read. */
  const denied: ConnectionSelection = {
    concerns: (source, destination) =>
      isInForce(source) &&
      (judgeNow().concerns(source, destination) ||
        judgeNow().concerns(destination, source) ||
        guard.mayReopen(source, destination)),
    selects: (opening) => isDenied(judgeNow(), opening),
  };

  /** Of those found to be denied: what still is, and meets rules of ours. */
  const stillDenied = async <Read extends Connection>(found: readonly Read[]): Promise<readonly Read[]> => {
    if (found.length === 0) return [];
    // What begins or ends in the node itself passes none.
    const own = await connections.ownAddresses(families());
    const judge = judgeNow();
    const others = found.filter(({ original, reply }) => !own.has(original.source) && !own.has(reply.source));
    const asTheyAre = others.filter((connection) => isDeniedAsIs(judge, openingOf(connection)));
    const known = new Set(asTheyAre);
    const doubtful = others.filter((each) => !known.has(each) && isDeniedTurned(judge, openingOf(each)));
    return doubtful.length === 0 ? asTheyAre : [...asTheyAre, ...(await connections.pickedUp(doubtful))];
  };

  /** @param list the next of the connections that are denied, of all or of some ends */
  const cutRounds = async (list: () => Promise<readonly TrackedConnection[]>): Promise<number> => {
    let total = 0;
    for (;;) {
      const found = await list();
      const count = await cut(await stillDenied(found));
      total += count;
      // Where nothing more can be deleted there would be no end.
      if (found.length < ROUND || count === 0) return total;
    }
  };

  const cutDenied = async (): Promise<number> => {
    if (policy().isolations.length === 0 || families().length === 0) return 0;
    await guard.release(judgeNow());
    await guard.retry(judgeNow());
    // Nearly always it shows that nothing is to be cut; where something is, only the list tells which entries.
    const glimpsed = await connections.glance(families(), denied, ROUND);
    const isAll = glimpsed !== undefined && glimpsed.length < ROUND;
    if (isAll && (await stillDenied(glimpsed)).length === 0) return 0;
    const count = await cutRounds(() => connections.list(families(), denied, ROUND));
    // What was not held closed just now is told, and tried again.
    await guard.retry(judgeNow());
    return count;
  };

  const urgent = createUrgentReview({
    clock,
    async review(addresses) {
      const from = clock.now();
      const count = await cut(await stillDenied(await connections.listEnds(addresses, denied, ROUND)));
      if (count > 0) report({ cut: count, durationMs: clock.now() - from, error: undefined, isOfSome: true });
      return count === ROUND;
    },
  });

  const isSlow = (): boolean => lastMs > SLOW_MS || (running !== undefined && clock.now() - startedAt > SLOW_MS);

  const run = async (): Promise<void> => {
    startedAt = clock.now();
    const cancelUrgent = clock.after(SLOW_MS, () => {
      urgent.begin(concerned);
    });
    const finish = (count: number, error?: string): void => {
      newest = undefined;
      cancelUrgent();
      const durationMs = clock.now() - startedAt;
      lastMs = durationMs;
      notBefore = clock.now() + Math.max(PAUSE_MS, PAUSE_FACTOR * durationMs);
      report({ cut: count, durationMs, error });
    };
    firstAt = undefined;
    const covered = concerned;
    try {
      const count = await cutDenied();
      concerned = concerned.slice(covered.length);
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
      // At a start that is everything, which the review of all is for.
      const changed = pass.reason === 'start' ? [] : (pass.concerned ?? []);
      if (isSlow()) urgent.begin(changed);
      else concerned = [...concerned, ...changed];
      if (failures === 0) schedule();
    },
    async stop() {
      stopped = true;
      cancelTimer?.();
      await Promise.all([running, urgent.stop()]);
    },
  };
};
