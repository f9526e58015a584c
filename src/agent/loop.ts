import { OBJECT_KINDS } from '../model/cluster-change.ts';
import type { CniResults } from '../cluster/cni/follow-results.ts';
import type { ClusterSource } from '../cluster/source.ts';
import type { PodCondition } from '../cluster/condition/pod-condition.ts';
import type { PodRanges } from '../cluster/pod-ranges.ts';
import { createConnections } from '../kernel/conntrack.ts';
import type { CommandRunner } from '../kernel/command.ts';
import type { KernelLookout } from '../kernel/kernel-lookout.ts';
import type { SourceInterfaces } from '../kernel/source-interfaces.ts';
import type { NodeGuardian } from './node-guard.ts';
import type { Netlink } from '../kernel/netlink/netlink.ts';
import type { NodeLock } from '../kernel/node-lock/node-lock.ts';
import type { IpFamily } from '../model/family.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { createReconciler, type Reconciler } from '../reconcile/reconciler.ts';
import type { SyncResult } from '../reconcile/sync-result.ts';
import { createReview } from '../reconcile/review.ts';
import { createClosedObserver } from '../telemetry/closed-observer.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import { createReviewObserver } from '../telemetry/review-observer.ts';
import { createSyncEvents } from '../telemetry/events/sync-events.ts';
import { createSyncObserver } from '../telemetry/sync-observer.ts';
import type { Answering } from './answers.ts';
import type { Bridges } from './bridges.ts';
import type { Records } from './records.ts';
import type { Requirements } from './requirements.ts';
import type { AgentContext } from './context.ts';
import { gateOf } from './gate.ts';
import { type AgentParts, LASTING_FAILURES } from './parts.ts';
import type { WaitingPods } from './waiting-pods.ts';

interface LoopParts {
  readonly answering: Pick<Answering, 'hasTried' | 'answered' | 'memory'>;
  readonly records: Pick<Records, 'isSettled' | 'recorded' | 'noteAddressLeft'>;
  readonly bridges: Pick<Bridges, 'hasLooked' | 'ports' | 'notePass' | 'noteFamilies'>;
  readonly parts: AgentParts;
  readonly requirements: Pick<Requirements, 'doubt'>;
  readonly source: ClusterSource;
  readonly podRanges: PodRanges | undefined;
  readonly condition: PodCondition | undefined;
  readonly waitingPods: WaitingPods;
  readonly sources: SourceInterfaces | undefined;
  readonly guard: NodeGuardian | undefined;
  readonly results: CniResults | undefined;
  readonly lock: NodeLock;
  readonly kernel: Kernel;
  readonly lookout: KernelLookout;
  readonly runner: CommandRunner;
  readonly netlink: Netlink;
  readonly families: readonly IpFamily[];
  readonly metrics: AgentMetrics;
  /** Called after each pass, with the names of programs that changed our rules since the last one. */
  readonly onPass: (result: SyncResult, culprits: readonly string[]) => void;
}

/** Finds a pod's interface by its address. All lookups of one pass share one index. */
const createInterfaceIndex = (results: CniResults): ((address: string) => string | undefined) => {
  let index: ReadonlyMap<string, string | undefined> | undefined;
  return (address) => {
    if (index === undefined) {
      index = new Map(results.links().flatMap(({ ips, hostInterface }) => ips.map((ip) => [ip, hostInterface])));
      queueMicrotask(() => {
        index = undefined;
      });
    }
    return index.get(address);
  };
};

/** Creates the loop that keeps the kernel at the cluster's state, with a connection review after each change. */
export const createLoop = (context: AgentContext, parts: LoopParts): Reconciler => {
  const { config, clock, log, events } = context;
  const {
    answering,
    records,
    bridges,
    parts: agentParts,
    requirements,
    source,
    podRanges,
    condition,
    waitingPods,
    sources,
    guard,
    results,
    lock,
    kernel,
    lookout,
    runner,
    netlink,
    families,
    metrics,
  } = parts;
  const observeSync = createSyncObserver(metrics, log, Date.now);
  const observeClosed = createClosedObserver(metrics, log, clock);
  const tellSync = createSyncEvents(events, {
    node: config.nodeName,
    snapshot: () => source.snapshot(),
    failures: LASTING_FAILURES,
  });
  const reconciler = createReconciler(
    {
      node: config.nodeName,
      checkIntervalMs: config.driftIntervalMs,
      limits: config.limits,
      onAddressLeft: records.noteAddressLeft,
      program: {
        log: config.deniedLog,
        answered: answering.answered,
        recorded: records.recorded,
        gate: gateOf(config, podRanges),
        sources: sources && (() => sources.chosen().interfaces),
        guard,
        interfaceOf: results && createInterfaceIndex(results),
        ports: bridges.ports,
      },
    },
    {
      source: {
        hasSynced: () =>
          lock.isHeld() &&
          source.hasSynced() &&
          podRanges?.hasAsked() !== false &&
          sources?.hasChosen() !== false &&
          guard?.hasLooked() !== false &&
          answering.hasTried() &&
          records.isSettled() &&
          bridges.hasLooked(),
        snapshot: () => source.snapshot(),
        revisions: () => {
          condition?.notePass();
          waitingPods.notePass();
          const status = source.status();
          return Object.fromEntries(OBJECT_KINDS.map((kind) => [kind, status[kind].resourceVersion]));
        },
      },
      kernel,
      lookout,
      clock,
      report: (result) => {
        // Taken even if they did no harm, since later changes have other programs.
        const culprits = lookout.takeCulprits();
        observeSync(result, culprits);
        tellSync(result, culprits);
        observeClosed.observe(reconciler.closedPods());
        noteParts();
        bridges.notePass(result.reason === 'check' && result.outcome === 'unchanged');
        review.after(result);
        if (result.outcome === 'failed') requirements.doubt();
        parts.onPass(result, culprits);
        condition?.noteResult(result.outcome !== 'failed');
        waitingPods.noteResult(result.outcome !== 'failed');
      },
    },
  );
  const noteParts = (): void => {
    if (!agentParts.observe()) return;
    bridges.noteFamilies();
    condition?.reconsider();
  };
  const observeReview = createReviewObserver(metrics, log, {
    policy: () => reconciler.policy(),
    podsAt: (address) => reconciler.podsAt(address),
  });
  const review = createReview({
    connections: createConnections(runner, netlink),
    families: () => families.filter(agentParts.isProgrammed),
    clock,
    policy: () => reconciler.policy(),
    memory: answering.memory,
    report(result) {
      observeReview(result);
      if (result.isOfSome === true) return;
      agentParts.noteReview(result.error);
      noteParts();
    },
  });
  return {
    ...reconciler,
    async stop() {
      observeClosed.stop();
      await Promise.all([reconciler.stop(), review.stop()]);
    },
  };
};
