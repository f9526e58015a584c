import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import { EVENT_OUTCOMES, type EventOutcome } from '../model/operator-event.ts';
import { type Closure, CLOSURES } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import { TAMPERING_KINDS, type TamperingKind } from '../render/tampering.ts';
import { type BridgeMetrics, registerBridgeMetrics } from './bridge-metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { registerSourceMetrics, type SourceSample } from './source-metrics.ts';

/** How one run of the loop ended. */
export type SyncResult = 'changed' | 'unchanged' | 'failed';

export interface SyncSample {
  readonly result: SyncResult;
  /** Why the loop ran, from a small fixed set: each reason is a time series. */
  readonly reason: string;
  readonly durationMs: number;
  /** Wall-clock time of the end, ms since the epoch. */
  readonly endedAt: number;
}

/** How much of ours one family's tables and sets hold. */
export interface KernelObjects {
  readonly rules: number;
  readonly chains: number;
  readonly sets: number;
  readonly members: number;
}

/** How much of the cluster the agent knows. */
export interface ClusterObjects {
  readonly pods: number;
  readonly namespaces: number;
  readonly policies: number;
}

/** The agent's metrics, one method per thing that happens or stands. Prometheus names start with `portcullis_`. */
export interface AgentMetrics extends BridgeMetrics {
  recordSync(sample: SyncSample): void;
  /**
   * @param kinds what others had done, each once
   * @param lines of restore text that it took to put it right
   */
  recordDriftRepair(kinds: ReadonlySet<TamperingKind>, lines: number): void;
  /** @param count of live connections that were deleted because the newest policy denies them */
  recordConnectionsCut(count: number): void;
  setKernelObjects(family: IpFamily, objects: KernelObjects): void;
  setClusterObjects(objects: ClusterObjects): void;
  /** Pods of this node that policies isolate. */
  setIsolatedPods(direction: Direction, count: number): void;
  /** Pods of this node, known to the API server no longer, that nothing may go to or come from. */
  setClosedPods(counts: Readonly<Record<Closure, number>>): void;
  /** Number of faults of each policy that has any; policies not named have none any more. */
  setPolicyFaults(faults: ReadonlyMap<PolicyKey, number>): void;
  /** @param engines other programs that enforce policy on the node */
  setCompany(engines: readonly string[], mixedBackends: boolean): void;
  /** @param contested another program keeps putting its rules before ours */
  setContested(contested: boolean): void;
  recordEvent(outcome: EventOutcome): void;
  /** @param bridges between pods of the node that iptables does not see into */
  setUnseenBridges(bridges: readonly { readonly bridge: string; readonly family: IpFamily }[]): void;
  /** Whether packets with a source that is not their pod's are dropped. */
  setSourceCheck(inForce: boolean): void;
  /** @param packets that were dropped for their source, by family, since the rule was loaded */
  setSpoofedPackets(packets: ReadonlyMap<IpFamily, number>): void;
  setReady(ready: boolean): void;
  /** An attempt to listen for metrics, health and status failed. */
  recordListenFailure(): void;
  /** Everything in Prometheus' text format. */
  expose(): Promise<Exposition>;
}

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

export interface MetricsOptions {
  readonly version: string;
  /** How the sources of the cluster's state stand now: asked at each scrape. */
  readonly sources: () => readonly SourceSample[];
}

/** From a change of one set to a cold start in a large cluster, seconds. */
const SYNC_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const MS_PER_SECOND = 1000;

/** Policies with a time series of their own; those beyond share one without a name. */
const MAX_FAULTY = 100;

export const createAgentMetrics = ({ version, sources }: MetricsOptions): AgentMetrics => {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> =>
    new Gauge({ name: `portcullis_${name}`, help, labelNames: [...labelNames], registers });

  const syncs = new Counter({
    name: 'portcullis_syncs_total',
    help: 'Runs of the reconcile loop',
    labelNames: ['result', 'reason'],
    registers,
  });
  const duration = new Histogram({
    name: 'portcullis_sync_duration_seconds',
    help: 'Time of one run of the reconcile loop, from the newest state to the kernel holding it',
    labelNames: ['result'],
    buckets: SYNC_BUCKETS,
    registers,
  });
  const connectionsCut = new Counter({
    name: 'portcullis_connections_cut_total',
    help: 'Live connections that were deleted because a newer policy denies them',
    registers,
  });
  const repairs = new Counter({
    name: 'portcullis_drift_repairs_total',
    help: 'Times that others had changed rules or sets of the agent in the kernel, and that they were put right',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of TAMPERING_KINDS) repairs.inc({ kind }, 0);
  const repairedLines = new Counter({
    name: 'portcullis_drift_repaired_lines_total',
    help: 'Lines of restore text that those repairs took',
    registers,
  });
  const spoofed = new Counter({
    name: 'portcullis_spoofed_packets_total',
    help: 'Packets of pods that were dropped because their source is not routed to the pod',
    labelNames: ['family'],
    registers,
  });
  const lastSync = gauge('last_successful_sync_timestamp_seconds', 'When the kernel was last known to hold the policy');
  const kernel = {
    rules: gauge('kernel_rules', 'Rules of the agent in the kernel', ['family']),
    chains: gauge('kernel_chains', 'Chains of the agent in the kernel', ['family']),
    sets: gauge('kernel_sets', 'Sets of the agent in the kernel', ['family']),
    members: gauge('kernel_set_members', 'Members of all sets of the agent', ['family']),
  };
  const cluster = {
    pods: gauge('cluster_pods', 'Running pods known from the cluster'),
    namespaces: gauge('cluster_namespaces', 'Namespaces known from the cluster'),
    policies: gauge('cluster_policies', 'NetworkPolicies known from the cluster'),
  };
  const isolated = gauge('isolated_pods', 'Pods of this node that policies isolate', ['direction']);
  const closedPods = gauge(
    'closed_pods',
    'Pods of this node that the API server does not know any more and that are closed in both directions',
    ['reason'],
  );
  for (const reason of CLOSURES) closedPods.set({ reason }, 0);
  const faults = gauge('policy_faults', 'Faults of a policy: its pods are isolated for what they hide', [
    'namespace',
    'policy',
  ]);
  const company = gauge('company', 'Other policy engines that have chains on the node', ['engine']);
  const mixed = gauge('mixed_backends', '1 where there are rules in the iptables backend that the agent does not use');
  const unseen = gauge('bridge_not_filtered', '1 for a bridge between pods whose traffic passes no rule of iptables', [
    'bridge',
    'family',
  ]);
  const contested = gauge(
    'jump_contested',
    '1 while another program keeps putting its rules before those of the agent',
  );
  const events = new Counter({
    name: 'portcullis_events_total',
    help: 'Events of the API that the agent told: posted, repeated, known from another agent, or dropped',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of EVENT_OUTCOMES) events.inc({ outcome }, 0);
  const sourceCheck = gauge('source_check', '1 where packets of pods with a source that is not theirs are dropped');
  sourceCheck.set(0);
  const ready = gauge('ready', '1 once the first full programming is done and the kernel takes what it is given');
  const listenFailures = new Counter({
    name: 'portcullis_listen_failures_total',
    help: 'Attempts to listen for metrics, health and status that failed',
    registers,
  });
  gauge('build_info', 'The version that runs', ['version']).set({ version }, 1);
  ready.set(0);
  registerSourceMetrics(registry, sources);
  registerProcessMetrics(registry);

  return {
    ...registerBridgeMetrics(registry),
    recordSync: ({ result, reason, durationMs, endedAt }) => {
      syncs.inc({ result, reason });
      duration.observe({ result }, durationMs / MS_PER_SECOND);
      if (result !== 'failed') lastSync.set(endedAt / MS_PER_SECOND);
    },
    recordDriftRepair: (kinds, lines) => {
      for (const kind of kinds) repairs.inc({ kind });
      repairedLines.inc(lines);
    },
    recordConnectionsCut: (count) => {
      connectionsCut.inc(count);
    },
    setKernelObjects: (family, objects) => {
      kernel.rules.set({ family }, objects.rules);
      kernel.chains.set({ family }, objects.chains);
      kernel.sets.set({ family }, objects.sets);
      kernel.members.set({ family }, objects.members);
    },
    setClusterObjects: ({ pods, namespaces, policies }) => {
      cluster.pods.set(pods);
      cluster.namespaces.set(namespaces);
      cluster.policies.set(policies);
    },
    setIsolatedPods: (direction, count) => isolated.set({ direction }, count),
    setClosedPods(counts) {
      for (const reason of CLOSURES) closedPods.set({ reason }, counts[reason]);
    },
    setPolicyFaults: (found) => {
      faults.reset();
      for (const [key, count] of [...found].slice(0, MAX_FAULTY)) {
        const [namespace = '', policy = ''] = key.split('/');
        faults.set({ namespace, policy }, count);
      }
      const others = [...found.values()].slice(MAX_FAULTY).reduce((sum, count) => sum + count, 0);
      if (others > 0) faults.set({ namespace: '', policy: '' }, others);
    },
    setCompany: (engines, mixedBackends) => {
      company.reset();
      for (const engine of engines) company.set({ engine }, 1);
      mixed.set(mixedBackends ? 1 : 0);
    },
    setUnseenBridges: (bridges) => {
      unseen.reset();
      for (const { bridge, family } of bridges) unseen.set({ bridge, family }, 1);
    },
    setContested: (isContested) => {
      contested.set(isContested ? 1 : 0);
    },
    recordEvent: (outcome) => {
      events.inc({ outcome });
    },
    setSourceCheck: (inForce) => sourceCheck.set(inForce ? 1 : 0),
    setSpoofedPackets: (packets) => {
      spoofed.reset();
      for (const [family, count] of packets) spoofed.inc({ family }, count);
    },
    setReady: (isReady) => ready.set(isReady ? 1 : 0),
    recordListenFailure: () => {
      listenFailures.inc();
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
};
