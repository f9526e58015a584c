import type { PodEndpoint } from '../model/pod.ts';
import { type PolicyObject, policyKey } from '../model/policy-object.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import type { WorkloadOf } from '../reach/workloads.ts';
import type { Entry, EventFact, LabelPairs, OutsideFact, PodFact, SeenFact, StoryFact } from './entries.ts';

/** A state as the evaluator takes it, with what the page shows besides. */
export interface PageCluster {
  readonly snapshot: ClusterSnapshot;
  readonly workloadOf: WorkloadOf;
  readonly outside: readonly OutsideFact[];
  readonly seen: readonly SeenFact[];
  /** The oldest first. */
  readonly events: readonly EventFact[];
  readonly problems: readonly string[];
  readonly stories: readonly StoryFact[];
  /** The policies of the state that this one is compared with. */
  readonly base: ClusterSnapshot['policies'];
}

const toPod = ({
  uid,
  namespace,
  name,
  node,
  workload,
  labels,
  ips,
  hostIPs,
  hostNetwork,
  ports,
}: PodFact): PodEndpoint => ({
  uid,
  namespace,
  name,
  node,
  labels: new Map(labels),
  ips,
  hostIPs,
  hostNetwork,
  ports: ports.map((port) => ({ name: port.name, protocol: port.protocol, port: port.port })),
  createdAt: 0,
  workload: `${workload.kind}/${workload.name}`,
});

export const toPolicy = (namespace: string, name: string, spec: unknown): PolicyObject => ({
  key: policyKey(namespace, name),
  namespace,
  name,
  spec,
});

const toPairs = (labels: ReadonlyMap<string, string>): LabelPairs =>
  [...labels].sort(([a], [b]) => (a < b ? -1 : Number(a > b)));

/** Returns a cluster as entries of a state. @param workloadOf see createRows */
export function* factsOf(snapshot: ClusterSnapshot, workloadOf: WorkloadOf): Generator<Entry> {
  for (const { name, labels } of snapshot.namespaces.values()) {
    yield { kind: 'namespace', name, labels: toPairs(labels) };
  }
  for (const { namespace, name, spec } of snapshot.policies.values()) yield { kind: 'policy', namespace, name, spec };
  for (const pod of snapshot.pods.values()) {
    const { uid, namespace, name, node, labels, ips, hostIPs, hostNetwork, ports } = pod;
    const { kind, name: workload } = workloadOf(pod);
    yield {
      kind: 'pod',
      uid,
      namespace,
      name,
      workload: { kind, name: workload },
      node,
      labels: toPairs(labels),
      ips,
      hostIPs,
      hostNetwork,
      ports: ports.map((port) => ({
        ...(port.name === undefined ? {} : { name: port.name }),
        protocol: port.protocol,
        port: port.port,
      })),
    };
  }
}

/** Returns the cluster that entries describe. */
export const clusterOf = (entries: Iterable<Entry>): PageCluster => {
  const pods = new Map<string, PodEndpoint>();
  const workloads = new Map<string, PodFact['workload']>();
  const namespaces = new Map<string, { readonly name: string; readonly labels: ReadonlyMap<string, string> }>();
  const policies = new Map<PolicyObject['key'], PolicyObject>();
  const outside: OutsideFact[] = [];
  const seen: SeenFact[] = [];
  const events: EventFact[] = [];
  const problems: string[] = [];
  const stories: StoryFact[] = [];
  const base = new Map<PolicyObject['key'], PolicyObject>();
  for (const entry of entries) {
    switch (entry.kind) {
      case 'namespace':
        namespaces.set(entry.name, { name: entry.name, labels: new Map(entry.labels) });
        break;
      case 'pod':
        pods.set(entry.uid, toPod(entry));
        workloads.set(entry.uid, entry.workload);
        break;
      case 'policy':
      case 'base': {
        const policy = toPolicy(entry.namespace, entry.name, entry.spec);
        (entry.kind === 'base' ? base : policies).set(policy.key, policy);
        break;
      }
      case 'outside':
        outside.push(entry);
        break;
      case 'seen':
        seen.push(entry);
        break;
      case 'event':
        events.push(entry);
        break;
      case 'problem':
        problems.push(entry.text);
        break;
      case 'story':
        stories.push(entry);
    }
  }
  return {
    snapshot: { pods, namespaces, policies },
    workloadOf: ({ uid, name }) => workloads.get(uid) ?? { kind: 'Pod', name },
    outside,
    seen,
    events: events.sort((a, b) => a.at - b.at || a.number - b.number),
    problems,
    base,
    stories: stories.sort((a, b) => a.number - b.number),
  };
};
