import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import { EVENT_OUTCOMES, type EventOutcome } from '../model/operator-event.ts';
import { type Closure, CLOSURES } from '../model/pod.ts';
import type { OtherPolicies } from '../model/other-policies.ts';
import { type PolicyKey, policyName, policyNamespace } from '../model/policy-object.ts';
import type { Usage } from '../policy/limits.ts';
import { ANSWER_KINDS, type AnswerKind } from '../reconcile/answers.ts';
import { TAMPERING_KINDS, type TamperingKind } from '../render/tampering.ts';
import { UNSEEN_NETWORKS, type UnseenNetwork } from '../render/unseen-networks.ts';
import { type BridgeMetrics, registerBridgeMetrics } from './bridge-metrics.ts';
import { type DeniedMetrics, registerDeniedMetrics } from './denied-metrics.ts';
import { PART_NAMES, type PartName } from './part-names.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { SYNC_REASONS, type SyncReason } from '../reconcile/sync-result.ts';
import { registerSourceMetrics, type SourceSample } from './source-metrics.ts';

/** The results of one run of the loop. */
const SYNC_RESULTS = ['changed', 'unchanged', 'failed'] as const;
export type SyncResult = (typeof SYNC_RESULTS)[number];

export interface SyncSample {
  readonly result: SyncResult;
  /** Why the loop ran: each reason is a time series. */
  readonly reason: SyncReason;
  readonly durationMs: number;
  /** How long the oldest change that this pass brought into force had waited; undefined if it brought none. */
  readonly waitedMs: number | undefined;
  /** Wall-clock time of the end, in ms since the epoch. */
  readonly endedAt: number;
}

/** The numbers of our objects in one family's tables and sets. */
export interface KernelObjects {
  readonly rules: number;
  readonly chains: number;
  readonly sets: number;
  readonly members: number;
}

/** The numbers of objects that the agent knows. */
export interface ClusterObjects {
  readonly pods: number;
  readonly namespaces: number;
  readonly policies: number;
}

/** The agent's metrics, one method per thing that happens or stands. Prometheus names start with `portcullis_`. */
export interface AgentMetrics extends BridgeMetrics, DeniedMetrics {
  recordSync(sample: SyncSample): void;
  /**
   * @param kinds kinds of drift, without duplicates
   * @param lines lines of restore text for the repair
   */
  recordDriftRepair(kinds: ReadonlySet<TamperingKind>, lines: number): void;
  /** @param count number of live connections that were cut because the newest policy denies them */
  recordConnectionsCut(count: number): void;
  /** Records that a refused packet was answered, or that its connection was restored. */
  recordAnswer(kind: AnswerKind): void;
  setKernelObjects(family: IpFamily, objects: KernelObjects): void;
  setClusterObjects(objects: ClusterObjects): void;
  /** Sets the number of the node's isolated pods. */
  setIsolatedPods(direction: Direction, count: number): void;
  /** Sets the numbers of the node's closed pods, which are gone from the API server. */
  setClosedPods(counts: Readonly<Record<Closure, number>>): void;
  /** Sets the number of faults of each policy that has any; other policies have none any more. */
  setPolicyFaults(faults: ReadonlyMap<PolicyKey, number>): void;
  /** @param engines co-tenant engines on the node */
  setCompany(engines: readonly string[], mixedBackends: boolean): void;
  /** @param contested whether another program keeps inserting rules before ours */
  setContested(contested: boolean): void;
  recordEvent(outcome: EventOutcome): void;
  /** @param bridges bridges between pods of the node that iptables does not see */
  setUnseenBridges(bridges: readonly { readonly bridge: string; readonly family: IpFamily }[]): void;
  /** @param kinds kinds of policy that exist and are not enforced */
  setOtherPolicies(kinds: readonly OtherPolicies[]): void;
  /** @param pods pods whose packets bypass the node's rules */
  setUnseenPods(pods: readonly { readonly network: UnseenNetwork }[]): void;
  /** Sets whether spoofed packets of pods are dropped. */
  setSourceCheck(inForce: boolean): void;
  /** @param packets spoofed packets that were dropped since the rule was loaded, by family */
  setSpoofedPackets(packets: ReadonlyMap<IpFamily, number>): void;
  /** @param parts parts that are not in force */
  setPartsNotInForce(parts: ReadonlySet<PartName>): void;
  setReady(ready: boolean): void;
  /** Records that an attempt to listen for metrics, health and status failed. */
  recordListenFailure(): void;
  /** Returns every metric, with or without a sample, by name. */
  reference(): readonly MetricReference[];
  /** Returns everything in Prometheus' text format. */
  expose(): Promise<Exposition>;
}

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** The description of a metric for its readers. */
export interface MetricReference {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The fields of a metric in prom-client that its public types lack. */
interface Registered {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

export interface MetricsOptions {
  readonly version: string;
  /** Returns the state of the cluster sources. Called at each scrape. */
  readonly sources: () => readonly SourceSample[];
  /** The most that all policies may use on this node. */
  readonly limit: Usage;
  /** Returns the number of the node's pods whose policies are not in force yet. Called at each scrape. */
  readonly waitingPods: () => number;
  /** Returns the Unix time in seconds at which the oldest waiting change was seen; undefined if none waits. */
  readonly waitingSince: () => number | undefined;
}

/** In seconds: from a change of one set to a cold start in a large cluster. */
const SYNC_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const MS_PER_SECOND = 1000;

/** Maximum policies with a time series of their own; the others share one without a name. */
const MAX_FAULTY = 100;

export const createAgentMetrics = ({
  version,
  limit,
  sources,
  waitingSince,
  waitingPods,
}: MetricsOptions): AgentMetrics => {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> =>
    new Gauge({ name: `portcullis_${name}`, help, labelNames: [...labelNames], registers });

  const syncs = new Counter({
    name: 'portcullis_syncs_total',
    help: 'Number of reconcile passes, by result and reason.',
    labelNames: ['result', 'reason'],
    registers,
  });
  for (const result of SYNC_RESULTS) for (const reason of SYNC_REASONS) syncs.inc({ result, reason }, 0);
  const changeToEnforced = new Histogram({
    name: 'portcullis_change_to_enforced_seconds',
    help: 'Time from the moment the agent sees a change until it is in force, in seconds: of each pass the oldest change.',
    buckets: SYNC_BUCKETS,
    registers,
  });
  new Gauge({
    name: 'portcullis_oldest_waiting_change_timestamp_seconds',
    help: 'Unix time at which the agent saw the oldest change that is not in force yet; 0 if no change waits.',
    registers,
    collect() {
      this.set(waitingSince() ?? 0);
    },
  });
  new Gauge({
    name: 'portcullis_waiting_pods',
    help: 'Number of pods of this node with an address whose policies are not in force: not brought yet, or in part.',
    registers,
    collect() {
      this.set(waitingPods());
    },
  });
  const duration = new Histogram({
    name: 'portcullis_sync_duration_seconds',
    help: 'Duration of a reconcile pass, in seconds.',
    labelNames: ['result'],
    buckets: SYNC_BUCKETS,
    registers,
  });
  const connectionsCut = new Counter({
    name: 'portcullis_connections_cut_total',
    help: 'Number of live connections deleted because a newer policy denies them.',
    registers,
  });
  const answers = new Counter({
    name: 'portcullis_answers_total',
    help: 'Number of answers to denied packets, by kind: resumed, asked (the agent asked the other end), reset, rejected.',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of ANSWER_KINDS) answers.inc({ kind }, 0);
  const repairs = new Counter({
    name: 'portcullis_drift_repairs_total',
    help: "Number of repairs after another program changed the agent's rules or sets, by kind of change.",
    labelNames: ['kind'],
    registers,
  });
  for (const kind of TAMPERING_KINDS) repairs.inc({ kind }, 0);
  const repairedLines = new Counter({
    name: 'portcullis_drift_repaired_lines_total',
    help: 'Number of lines of restore text written by repairs.',
    registers,
  });
  const spoofed = new Counter({
    name: 'portcullis_spoofed_packets_total',
    help: 'Number of packets dropped because their source address does not belong to the sending pod.',
    labelNames: ['family'],
    registers,
  });
  const lastSync = gauge(
    'last_successful_sync_timestamp_seconds',
    'Unix time at which the kernel was last known to hold the newest policy. Advances at every drift check.',
  );
  const kernel = {
    rules: gauge('kernel_rules', 'Number of iptables rules of the agent in the kernel.', ['family']),
    chains: gauge('kernel_chains', 'Number of iptables chains of the agent in the kernel.', ['family']),
    sets: gauge('kernel_sets', 'Number of ipsets of the agent in the kernel.', ['family']),
    members: gauge('kernel_set_members', 'Number of members in all ipsets of the agent.', ['family']),
  };
  const limits = gauge(
    'node_limit',
    'Most rules of a family, sets of a family, and members of sets that policies may use on this node, by resource.',
    ['resource'],
  );
  for (const resource of ['rules', 'sets', 'members'] as const) limits.set({ resource }, limit[resource]);
  const cluster = {
    pods: gauge('cluster_pods', 'Number of running pods in the whole cluster that the agent knows.'),
    namespaces: gauge('cluster_namespaces', 'Number of namespaces in the cluster that the agent knows.'),
    policies: gauge('cluster_policies', 'Number of NetworkPolicies in the cluster that the agent knows.'),
  };
  const isolated = gauge(
    'isolated_pods',
    'Number of pods of this node that at least one policy isolates, by direction.',
    ['direction'],
  );
  const closedPods = gauge(
    'closed_pods',
    'Number of pods of this node that still run, are gone from the API server, and are closed in both directions.',
    ['reason'],
  );
  for (const reason of CLOSURES) closedPods.set({ reason }, 0);
  const faults = gauge(
    'policy_faults',
    "Number of faults in a policy. The policy's pods stay isolated until the faults are fixed.",
    ['policy_namespace', 'policy'],
  );
  const company = gauge(
    'other_policy_engines',
    '1 for each other policy engine that has chains or tables on the node.',
    ['engine'],
  );
  const mixed = gauge('other_backend_has_rules', '1 if the iptables backend that the agent does not use holds rules.');
  const unseen = gauge('bridge_is_not_filtered', '1 for each bridge of pods whose traffic iptables does not see.', [
    'bridge',
    'family',
  ]);
  const unseenPods = gauge(
    'unseen_network_pods',
    'Number of pods on this node whose traffic no rule of the node sees.',
    ['network'],
  );
  for (const network of UNSEEN_NETWORKS) unseenPods.set({ network }, 0);
  const otherPolicies = gauge(
    'other_policy_kinds',
    '1 if the cluster has this kind of policy, which is not enforced.',
    ['kind', 'group', 'state'],
  );
  const contested = gauge(
    'hook_position_is_contested',
    "1 while another program keeps inserting rules before the agent's.",
  );
  const events = new Counter({
    name: 'portcullis_events_total',
    help: 'Number of Kubernetes Events, by outcome: posted, repeated, known from another agent, or dropped.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of EVENT_OUTCOMES) events.inc({ outcome }, 0);
  const sourceCheck = gauge('source_validation_is_active', '1 if source address validation is active on this node.');
  sourceCheck.set(0);
  const parts = gauge('part_is_not_in_force', '1 if this part of enforcement is not in force on this node.', ['part']);
  for (const part of PART_NAMES) parts.set({ part }, 0);
  const ready = gauge('ready', '1 if the agent is ready, as /readyz says.');
  const listenFailures = new Counter({
    name: 'portcullis_listen_failures_total',
    help: 'Number of failed attempts to listen for metrics, health and status.',
    registers,
  });
  gauge('build_info', 'Version of the agent; always 1.', ['version']).set({ version }, 1);
  ready.set(0);
  registerSourceMetrics(registry, sources);
  registerProcessMetrics(registry);

  return {
    ...registerBridgeMetrics(registry),
    ...registerDeniedMetrics(registry),
    recordSync: ({ result, reason, durationMs, waitedMs, endedAt }) => {
      syncs.inc({ result, reason });
      duration.observe({ result }, durationMs / MS_PER_SECOND);
      if (waitedMs !== undefined) changeToEnforced.observe(waitedMs / MS_PER_SECOND);
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
        faults.set({ policy_namespace: policyNamespace(key), policy: policyName(key) }, count);
      }
      const others = [...found.values()].slice(MAX_FAULTY).reduce((sum, count) => sum + count, 0);
      if (others > 0) faults.set({ policy_namespace: '', policy: '' }, others);
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
    setOtherPolicies: (kinds) => {
      otherPolicies.reset();
      for (const { kind, group, state } of kinds) otherPolicies.set({ kind, group, state }, 1);
    },
    setUnseenPods: (pods) => {
      for (const network of UNSEEN_NETWORKS) {
        unseenPods.set({ network }, pods.filter((pod) => pod.network === network).length);
      }
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
    recordAnswer: (kind) => {
      answers.inc({ kind });
    },
    setPartsNotInForce(names) {
      for (const part of PART_NAMES) parts.set({ part }, names.has(part) ? 1 : 0);
    },
    setReady: (isReady) => ready.set(isReady ? 1 : 0),
    recordListenFailure: () => {
      listenFailures.inc();
    },
    reference: () =>
      (registry.getMetricsAsArray() as unknown as readonly Registered[])
        .map((metric) => ({
          name: metric.name,
          type: metric instanceof Counter ? 'counter' : metric instanceof Histogram ? 'histogram' : 'gauge',
          labels: (metric.labelNames ?? []).filter((label) => label !== 'le'),
          help: metric.help,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
};
