import type { CniResults } from '../cluster/cni/follow-results.ts';
import type { ClusterSource } from '../cluster/source.ts';
import { createBridgeKernel } from '../kernel/bridge/bridge-kernel.ts';
import type { CommandRunner } from '../kernel/command.ts';
import type { StartCompanion } from '../kernel/companion.ts';
import type { ClusterChange } from '../model/cluster-change.ts';
import type { IpFamily } from '../model/family.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { type BridgeGuard, createBridgeGuard } from '../reconcile/bridge-guard.ts';
import type { PortPod, PortPods } from '../records/port-pods.ts';
import { createBridgeGuardObserver } from '../telemetry/bridge-guard-observer.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import type { AgentContext } from './context.ts';
import { createLocalPods } from './local-pods.ts';

/** Label of a namespace, `true`: its pods forward other pods' packets, and send from addresses that are not theirs. */
const FORWARDING_LABEL = 'portcullis.io/allow-forwarding';

interface BridgesParts {
  readonly source: ClusterSource;
  readonly results: CniResults | undefined;
  readonly runner: CommandRunner;
  readonly start: StartCompanion;
  /** Returns the families whose rules are in the kernel. Called after each change. */
  readonly families: () => readonly IpFamily[];
  readonly metrics: AgentMetrics;
  readonly policy: () => NodePolicy;
  /** Returns the NFLOG group of records; undefined if there is none, or before it is known. */
  readonly recordGroup: () => number | undefined;
  /** Called when the chains that judge by port must be compiled again. */
  readonly onPorts: () => void;
}

/** The agent's work on the node's bridges. */
export interface Bridges extends Omit<BridgeGuard, 'noteChange' | 'ownerAt'> {
  /** The pods at the ports of bridges. */
  readonly portPods: PortPods;
  noteChange(change: ClusterChange): void;
  /** Takes the fact that other families may have their rules in the kernel. */
  noteFamilies(): void;
  /** Reads the counts of dropped packets, at a scrape. Never rejects. */
  count(): Promise<void>;
}

export const createBridges = (context: AgentContext, parts: BridgesParts): Bridges => {
  const { config, clock } = context;
  const { source, results, runner, start, families, metrics, policy, recordGroup, onPorts } = parts;
  const pods = createLocalPods(source, config.nodeName);
  const kernel = createBridgeKernel(
    { runner, start, clock },
    {
      onLinks: () => {
        guard.noteLinks();
      },
      onTable: (by) => {
        guard.noteTable(by);
      },
    },
  );
  const guard = createBridgeGuard(
    { checkIntervalMs: config.driftIntervalMs, logGroup: config.deniedLog?.group, recordGroup },
    {
      inputs: {
        links: () => results?.links() ?? [],
        pods: pods.list,
        routers() {
          const { namespaces } = source.snapshot();
          const forwards = (name: string): boolean => namespaces.get(name)?.labels.get(FORWARDING_LABEL) === 'true';
          return new Set(pods.list().flatMap(({ uid, namespace }) => (forwards(namespace) ? [uid] : [])));
        },
        get families() {
          return families();
        },
      },
      kernel,
      clock,
      isolations: () => policy().isolations,
      onPorts,
      ...createBridgeGuardObserver(metrics, context.log),
    },
  );
  const podAt = (index: number): PortPod | undefined => {
    const owner = guard.ownerAt(index);
    const pod = owner && pods.list().find(({ uid }) => uid === owner.podUid);
    return owner && pod && { pod, mac: owner.mac };
  };
  return {
    ...guard,
    portPods: { at: podAt },
    noteChange(change) {
      if (pods.note(change) || change.kind === 'namespaces') guard.noteChange();
    },
    noteFamilies: () => {
      guard.noteChange();
    },
    async count() {
      if (guard.status() === undefined) return;
      // A scrape must not fail because of it.
      await kernel.counts().then(metrics.setBridgeDrops, () => undefined);
    },
    async stop() {
      await guard.stop();
      kernel.stop();
    },
  };
};
