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

/** A review begins after this time without a change. */
const QUIET_MS = 100;
/** Maximum delay between the first change and the start of a review. */
const LATEST_MS = 1_200;
/** Under constant change, minimum wait after the end of the last review, */
const PAUSE_MS = 1_200;
/** and minimum multiple of that review's duration, for nodes with very many connections. */
const PAUSE_FACTOR = 4;

/** Maximum connections found, judged and cut at once; very many are cut in rounds. */
const ROUND = 8_192;
/** Size of the portions in which they are closed and deleted, within about 20 ms each. */
const PORTION = 1_024;
/** A review that takes this long is one of a large table, ms: what changed is then looked at by itself, see createUrgentReview. */
const SLOW_MS = 60;

/** Connections of a review that its result shows. */
const MOST_SHOWN = 1_000;

/** The result of one review. */
export interface ReviewResult {
  /** Number of connections that were cut because the policies deny them now. */
  readonly cut: number;
  /** Up to MOST_SHOWN of them, as they were. */
  readonly connections: readonly Connection[];
  readonly durationMs: number;
  /** Why it failed, in one line; it is tried again. */
  readonly error: string | undefined;
  /** Set if it covered only recent changes: its success says nothing about the whole. */
  readonly isOfSome?: true;
}

export interface ReviewPorts {
  readonly connections: Connections;
  /** Returns the families whose rules are in force. Called for each review; connections of other families stay. */
  readonly families: () => readonly IpFamily[];
  readonly clock: Clock;
  /** Returns the policy in force. */
  readonly policy: () => NodePolicy;
  /** Takes the cut connections. */
  readonly memory?: Pick<CutMemory, 'note'>;
  /** Called for every review; must not throw. */
  readonly report: (result: ReviewResult) => void;
}

/**
 * Applies the newest policy to live connections: rules only see what opens a connection, so connections that are denied
 * after a change are cut.
 */
export interface Review {
  /** Takes every pass of the loop; only some lead to a review. */
  after(pass: Pick<SyncResult, 'outcome' | 'reason'> & Partial<Pick<SyncResult, 'concerned'>>): void;
  /** Finishes the current review and starts no other. */
  stop(): Promise<void>;
}

/**
 * Reports whether there may be connections that the policy in force denies. No agent reviewed connections before the agent's
 * start, and a failed pass may have had an effect all the same.
 */
const mayLeaveDenied = ({ outcome, reason }: Pick<SyncResult, 'outcome' | 'reason'>): boolean =>
  outcome === 'applied' || (outcome === 'unchanged' && (reason === 'start' || reason === 'retry'));

const TCP = 6;

/** Reports whether the ends are exchanged, judging by the ports, if the kernel picked up the connection in the middle. */
const mayBeTurned = ({ protocol, sourcePort, port }: Opening): boolean =>
  protocol === TCP && openerByPorts({ sourcePort, destinationPort: port }) === 'destination';

/** Returns the connection with its ends exchanged. */
const turned = <Read extends Connection>(connection: Read): Read => ({
  ...connection,
  original: connection.reply,
  reply: connection.original,
});

export const createReview = ({ connections, families, clock, policy, memory, report }: ReviewPorts): Review => {
  let firstAt: number | undefined;
  const guard = createReopenGuard(connections, clock);
  /** Addresses that changed since the last full review began. */
  let concerned: readonly (readonly [string, ReadonlySet<string>])[] = [];
  /** Cut connections for the next result. */
  let shown: readonly Connection[] = [];
  let lastMs = 0;
  let startedAt = Number.NEGATIVE_INFINITY;
  /** Kept for the whole review, because it caches verdicts. */
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
      // Before, so that no datagram slips in between; a connection that cannot be closed is cut all the same.
      await guard.hold(portion, judgeNow());
      // If the kernel may have exchanged the ends, both directions are remembered.
      memory?.note(portion.flatMap((each) => (mayBeTurned(openingOf(each)) ? [each, turned(each)] : [each])));
      count += await connections.cut(portion);
      if (shown.length < MOST_SHOWN) shown = [...shown, ...portion.slice(0, MOST_SHOWN - shown.length)];
    }
    return count;
  };

  const takeShown = (): readonly Connection[] => {
    const taken = shown;
    shown = [];
    return taken;
  };

  /** Returns a judge of the policy in force. With many rules, making one takes half a millisecond. */
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

  /** Reports whether the family's rules are in force; both ends have the same family. */
  const isInForce = (address: string): boolean => families().includes(address.includes(':') ? 'ipv6' : 'ipv4');

  /** Passes may end while the table is read: each entry is judged by the policy in force when it is read. */
  const denied: ConnectionSelection = {
    concerns: (source, destination) =>
      isInForce(source) &&
      (judgeNow().concerns(source, destination) ||
        judgeNow().concerns(destination, source) ||
        guard.mayReopen(source, destination)),
    selects: (opening) => isDenied(judgeNow(), opening),
  };

  /** Returns those of the denied connections that are still denied, and that pass our rules. */
  const stillDenied = async <Read extends Connection>(found: readonly Read[]): Promise<readonly Read[]> => {
    if (found.length === 0) return [];
    // Connections that begin or end in the node itself do not pass them.
    const own = await connections.ownAddresses(families());
    const judge = judgeNow();
    const others = found.filter(({ original, reply }) => !own.has(original.source) && !own.has(reply.source));
    const asTheyAre = others.filter((connection) => isDeniedAsIs(judge, openingOf(connection)));
    const known = new Set(asTheyAre);
    const doubtful = others.filter((each) => !known.has(each) && isDeniedTurned(judge, openingOf(each)));
    return doubtful.length === 0 ? asTheyAre : [...asTheyAre, ...(await connections.pickedUp(doubtful))];
  };

  /** @param list returns the next denied connections, of all or of some ends */
  const cutRounds = async (list: () => Promise<readonly TrackedConnection[]>): Promise<number> => {
    let total = 0;
    for (;;) {
      const found = await list();
      const count = await cut(await stillDenied(found));
      total += count;
      // Without this it would never end if nothing more can be deleted.
      if (found.length < ROUND || count === 0) return total;
    }
  };

  const cutDenied = async (): Promise<number> => {
    if (policy().isolations.length === 0 || families().length === 0) return 0;
    await guard.release(judgeNow());
    await guard.retry(judgeNow());
    // Usually this shows that nothing must be cut; otherwise only the list identifies the entries.
    const glimpsed = await connections.glance(families(), denied, ROUND);
    const isAll = glimpsed !== undefined && glimpsed.length < ROUND;
    if (isAll && (await stillDenied(glimpsed)).length === 0) return 0;
    const count = await cutRounds(() => connections.list(families(), denied, ROUND));
    // What could not be closed just now is reported, and tried again.
    await guard.retry(judgeNow());
    return count;
  };

  const urgent = createUrgentReview({
    clock,
    async review(addresses) {
      const from = clock.now();
      const count = await cut(await stillDenied(await connections.listEnds(addresses, denied, ROUND)));
      if (count > 0) {
        const durationMs = clock.now() - from;
        report({ cut: count, connections: takeShown(), durationMs, error: undefined, isOfSome: true });
      }
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
      report({ cut: count, connections: takeShown(), durationMs, error });
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
