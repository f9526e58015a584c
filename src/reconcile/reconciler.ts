import type { ClusterChange } from '../model/cluster-change.ts';
import { messageOf } from '../model/message-of.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { retryDelay } from './backoff.ts';
import { createEnforcement, type Done, type EnforcementOptions, type EnforcementPorts } from './enforcement.ts';
import type { PartFailure } from './parts.ts';
import { createPendingChanges, createTurns, earliest } from './pending-changes.ts';
import type { ReconcilerStatus } from './status.ts';
import type { SyncReason, SyncResult } from './sync-result.ts';

export type ReconcilerOptions = EnforcementOptions;

export interface ReconcilerPorts extends EnforcementPorts {
  /** Called after every pass; must not throw. */
  readonly report: (result: SyncResult) => void;
}

/** Keeps the kernel at the newest known state of the cluster. */
export interface Reconciler {
  /**
   * Takes a change; without an argument, anything may have changed. The first call acts at once; calls during a pass
   * lead to one more pass.
   */
  trigger(change?: ClusterChange): void;
  /** Makes a drift check due now, because another program may have changed the kernel. */
  inspect(): void;
  /**
   * Resolves once everything that was triggered before this call is in the kernel: at once if it is, else after the
   * next pass in which no needed part is missing. Does not wait for an isolation that is too large for one pass, which
   * denies everything until it is complete.
   */
  settled(): Promise<void>;
  status(): ReconcilerStatus;
  /** Returns the policy of the newest pass. */
  policy(): NodePolicy;
  /** The pods of the whole cluster that may have the address, as of that pass. */
  podsAt(address: string): readonly PodEndpoint[];
  /** Returns the pods that it closed in both directions, see PodEndpoint.closed; the same list until it changes. */
  closedPods(): readonly PodEndpoint[];
  /** Finishes the current pass and starts no other. The kernel's state stays. */
  stop(): Promise<void>;
}

const NOBODY: SyncResult['concerned'] = new Map();

/** Interval of checks until the source is complete. */
const WAIT_FOR_SOURCE_MS = 20;

/** Decides when a pass is due, and handles its failure; the enforcement does the pass itself. */
export const createReconciler = (options: ReconcilerOptions, ports: ReconcilerPorts): Reconciler => {
  const { source, clock, report } = ports;
  /** Whether a part that had failed may be in force, which is worth a pass. */
  let hasNews = false;
  const enforcement = createEnforcement(options, ports, {
    onNews() {
      hasNews = true;
      if (running === undefined) schedule();
    },
  });
  const pending = createPendingChanges(createTurns(clock), clock.now);
  let stopped = false;
  let failures = 0;
  let lastError: string | undefined;
  let heartbeatAt = clock.now();
  /** When the oldest change of passes whose large policies are incomplete was noted. */
  let growingSince: number | undefined;
  let running: Promise<void> | undefined;
  /** Whether a pass begins in this turn of the event loop. */
  let imminent = false;
  let cancelTimer: (() => void) | undefined;
  let waiting: readonly (() => void)[] = [];

  /** Returns the failing parts that policies of the node's pods need. */
  const needed = (): readonly PartFailure[] => enforcement.failing().filter(({ isNeeded }) => isNeeded);

  const reasonNow = (): SyncReason => {
    if (failures > 0) return 'retry';
    if (!enforcement.isReady()) return 'start';
    return pending.isEmpty() ? 'check' : 'change';
  };

  const runPass = async (): Promise<void> => {
    const startedAt = clock.now();
    hasNews = false;
    const reason = reasonNow();
    const finish = (done: Done, error?: string): void => {
      heartbeatAt = clock.now();
      const since = earliest([growingSince, pending.takenSince()]);
      pending.charge(heartbeatAt - startedAt);
      growingSince = done.isGrowing ? since : undefined;
      const isInForce = done.outcome !== 'failed' && !done.isGrowing && reason !== 'start';
      const faults = enforcement.faults();
      const isolatedPods = enforcement.isolatedPods();
      const notInForce = enforcement.failing();
      report({
        ...done,
        reason,
        error: error ?? needed()[0]?.reason,
        faults,
        isolatedPods,
        notInForce,
        durationMs: heartbeatAt - startedAt,
        waitedMs: isInForce && since !== undefined ? heartbeatAt - since : undefined,
      });
    };
    if (!source.hasSynced()) {
      heartbeatAt = startedAt;
      return;
    }
    const awaiting = waiting;
    waiting = [];
    try {
      const done = await enforcement.pass(pending);
      failures = 0;
      lastError = undefined;
      finish(done);
      // Callers that came meanwhile wait for changes that came meanwhile, if there were any.
      const isAll = needed().length === 0;
      const settled = !isAll ? [] : pending.isEmpty() ? [...awaiting, ...waiting] : awaiting;
      if (!isAll) waiting = [...awaiting, ...waiting];
      else if (pending.isEmpty()) waiting = [];
      for (const settle of settled) settle();
    } catch (error) {
      waiting = [...awaiting, ...waiting];
      enforcement.distrust();
      pending.note(undefined, earliest([growingSince, pending.takenSince()]));
      failures += 1;
      lastError = messageOf(error);
      const contested = enforcement.isContested();
      const isGrowing = enforcement.isGrowing();
      finish(
        {
          outcome: 'failed',
          changes: 0,
          drift: 0,
          tampering: [],
          contested,
          program: undefined,
          isGrowing,
          policies: [],
          concerned: NOBODY,
        },
        lastError,
      );
    }
  };

  const delayToNext = (): number => {
    if (failures > 0) return retryDelay(failures);
    if (!source.hasSynced()) return WAIT_FOR_SOURCE_MS;
    if (enforcement.isGrowing() || hasNews) return 0;
    const check = Math.max(0, enforcement.checkDueAt() - clock.now());
    return Math.min(check, pending.dueIn() ?? check);
  };

  const run = (): void => {
    imminent = false;
    running = runPass().finally(() => {
      running = undefined;
      schedule();
    });
  };

  const schedule = (): void => {
    if (stopped || running !== undefined || imminent) return;
    const delay = delayToNext();
    cancelTimer?.();
    imminent = delay === 0;
    cancelTimer = clock.after(delay, run);
  };

  schedule();

  return {
    trigger(change) {
      pending.note(change);
      // A first list reports each object: there is nothing to decide if a pass is about to begin anyway.
      if (imminent || running !== undefined) return;
      // While the source is incomplete or the kernel rejects changes, the pass that is due takes the newest state anyway.
      if (failures === 0 && source.hasSynced()) schedule();
    },
    inspect() {
      enforcement.checkNow();
      if (failures === 0 && source.hasSynced()) schedule();
    },
    settled() {
      const isSettled =
        enforcement.isReady() && failures === 0 && needed().length === 0 && pending.isEmpty() && running === undefined;
      if (isSettled || stopped) return Promise.resolve();
      return new Promise((resolve) => {
        waiting = [...waiting, resolve];
      });
    },
    status: () => ({
      ready: enforcement.isReady(),
      pending: !pending.isNone() || running !== undefined || enforcement.isGrowing() || needed().length > 0,
      notInForce: enforcement.failing(),
      failures: Math.max(failures, ...needed().map((part) => part.failures)),
      lastError: lastError ?? needed()[0]?.reason,
      appliedResourceVersions: enforcement.applied(),
      lastCheck: enforcement.lastCheck(),
      lastChange: enforcement.lastChange(),
      waitingSince: earliest([growingSince, pending.oldest(), running && pending.takenSince()]),
      heartbeatAt,
    }),
    policy: () => enforcement.policy(),
    podsAt: (address) => enforcement.podsAt(address),
    closedPods: () => enforcement.closedPods(),
    async stop() {
      stopped = true;
      cancelTimer?.();
      await running;
      await enforcement.stop();
    },
  };
};
