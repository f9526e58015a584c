import type { ObjectKind } from '../model/cluster-change.ts';
import { type Clock, isoTime } from '../model/clock.ts';
import { nameOfKind, type OtherPolicies } from '../model/other-policies.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { ClusterSource, SourceStatus } from '../cluster/source.ts';
import type { Company } from '../kernel/company.ts';
import type { HomeTables } from '../kernel/home-tables.ts';
import type { Backend } from '../kernel/iptables.ts';
import type { UnseenBridge } from '../kernel/unseen-bridges.ts';
import type { IpFamily } from '../model/family.ts';
import type { BridgeStatus } from '../reconcile/bridge-guard.ts';
import type { ReconcilerStatus } from '../reconcile/status.ts';
import type { PodInterfaces } from '../program/pod-interfaces.ts';
import { UNSEEN_NETWORKS, type UnseenPod } from '../render/unseen-networks.ts';
import { countObjects } from '../telemetry/sync-observer.ts';
import type { EnforcementState } from './enforcement-state.ts';
import { versionsInForce } from './lease.ts';
import { describeFault, type PassMemory } from './pass-memory.ts';
import type { ApiReport, NetworkReport, StatusReport } from './status-report.ts';

/** The parts of an agent that a report reads. */
export interface AgentView {
  readonly clock: Clock;
  readonly version: string;
  readonly node: string;
  /** Clock.now(), in ms. */
  readonly startedAt: number;
  readonly enforcement: EnforcementState;
  readonly loop: ReconcilerStatus;
  readonly source: Pick<ClusterSource, 'snapshot' | 'status'>;
  readonly passes: PassMemory;
  readonly closed: readonly PodEndpoint[];
  readonly backend: Backend;
  readonly families: readonly IpFamily[];
  readonly tables: HomeTables;
  readonly bridges: BridgeStatus | undefined;
  /** Reports whether the port of a bridge that the pod is attached to is known. */
  readonly isOnBridge: (podUid: string) => boolean;
  /** The interfaces whose packets are validated by source; undefined if that is off. */
  readonly sources: PodInterfaces | undefined;
  readonly unseenBridges: readonly UnseenBridge[];
  readonly unseenPods: readonly UnseenPod[];
  readonly company: Company | undefined;
  readonly otherKinds: readonly OtherPolicies[] | undefined;
}

const MOST_FAULTS = 20;

const describeApi = (clock: Clock, status: SourceStatus[ObjectKind]): ApiReport => {
  const { synced, lastHeardAt, trouble } = status;
  return {
    synced,
    ...(lastHeardAt === undefined
      ? {}
      : {
          lastHeardAt: isoTime(clock, lastHeardAt),
          secondsSinceHeard: Math.round((clock.now() - lastHeardAt) / 100) / 10,
        }),
    ...(trouble === undefined ? {} : { trouble }),
  };
};

const routedReasons = (sources: PodInterfaces | undefined): readonly string[] => {
  if (sources === undefined) return ['the sources of packets are not validated: --anti-spoofing is off'];
  if (sources.interfaces.length > 0) return [];
  return [`the sources of packets are not validated: ${sources.reason ?? 'no interface of a pod is known yet'}`];
};

const describeNetworks = (view: AgentView, local: readonly PodEndpoint[]): readonly NetworkReport[] => {
  const { bridges, unseenBridges, unseenPods, sources, isOnBridge } = view;
  const unseen = new Set(unseenPods.map(({ uid }) => uid));
  const attached = local.filter(({ uid, ips }) => ips.length > 0 && !unseen.has(uid));
  const onBridge = attached.filter(({ uid }) => isOnBridge(uid)).length;
  const routed = attached.length - onBridge;
  const open = unseenBridges.map(
    ({ bridge, family }) => `iptables does not see ${family} between the pods on ${bridge}: br_netfilter is off`,
  );
  const reasons = routedReasons(sources);
  return [
    ...(bridges === undefined
      ? []
      : [
          {
            kind: 'bridge' as const,
            pods: onBridge,
            guarantee: open.length > 0 ? ('none' as const) : bridges.level,
            reasons: [...open, ...bridges.reasons],
          },
        ]),
    ...(routed === 0
      ? []
      : [
          {
            kind: 'routed' as const,
            pods: routed,
            guarantee: reasons.length === 0 ? ('full' as const) : ('address-only' as const),
            reasons,
          },
        ]),
    ...UNSEEN_NETWORKS.flatMap((kind): readonly NetworkReport[] => {
      const pods = unseenPods.filter(({ network }) => network === kind);
      const details = [...new Set(pods.map(({ detail }) => detail))].slice(0, 5);
      return pods.length === 0 ? [] : [{ kind, pods: pods.length, guarantee: 'none', reasons: details }];
    }),
  ];
};

/** Describes the agent for `portcullis status`. */
export const describeAgent = (view: AgentView): StatusReport => {
  const { clock, loop, source, passes, company, otherKinds } = view;
  const snapshot = source.snapshot();
  const status = source.status();
  const local = [...snapshot.pods.values()].filter(
    ({ node, hostNetwork, closed }) => node === view.node && !hostNetwork && closed === undefined,
  );
  const isolated = passes.isolatedPods();
  const faults = passes.faults();
  const program = passes.program();
  const lastDrift = passes.lastDrift();
  return {
    schema: 1,
    at: clock.wall(),
    version: view.version,
    node: view.node,
    startedAt: isoTime(clock, view.startedAt),
    enforcement: view.enforcement,
    generation: {
      applied: versionsInForce(loop, status),
      seen: {
        pods: status.pods.resourceVersion,
        namespaces: status.namespaces.resourceVersion,
        networkpolicies: status.networkpolicies.resourceVersion,
      },
      ...(loop.waitingSince === undefined ? {} : { waitingSince: isoTime(clock, loop.waitingSince) }),
      ...(loop.lastChange === undefined ? {} : { lastChangeAt: loop.lastChange.at }),
    },
    pods: {
      cluster: snapshot.pods.size,
      node: local.length,
      isolatedForIngress: isolated.ingress,
      isolatedForEgress: isolated.egress,
      closed: view.closed.length,
    },
    policies: {
      cluster: snapshot.policies.size,
      faults: faults.slice(0, MOST_FAULTS).map(describeFault),
      faultCount: faults.length,
    },
    kernel: {
      backend: view.backend,
      families: view.families.map((family) => ({
        family,
        table: view.tables[family] ?? 'security',
        ...(program === undefined ? { chains: 0, rules: 0, sets: 0, members: 0 } : countObjects(program[family])),
      })),
    },
    networks: describeNetworks(view, local),
    otherEngines: {
      ...(company === undefined ? {} : { names: company.engines, bothBackendsHaveRules: company.mixedBackends }),
      ...(otherKinds === undefined ? {} : { otherKinds: otherKinds.map(nameOfKind) }),
    },
    ...(lastDrift === undefined ? {} : { lastDrift }),
    api: {
      pods: describeApi(clock, status.pods),
      namespaces: describeApi(clock, status.namespaces),
      networkpolicies: describeApi(clock, status.networkpolicies),
    },
  };
};
