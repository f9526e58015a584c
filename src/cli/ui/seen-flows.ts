import { PROTOCOLS } from '../../model/protocol.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { SeenFact } from '../../page/entries.ts';
import { familyOf } from '../../policy/cidr.ts';
import type { End } from '../../records/end.ts';
import type { StoredFlow } from '../../records/record.ts';

const workloadKey = (namespace: string, name: string, workload: string | undefined): string =>
  `${namespace}/${workload ?? name}`;

/** Finds the present address of an end: addresses go from pod to pod, and a record tells who had it then. */
const createAddressBook = (pods: ClusterSnapshot['pods']): ((end: End) => string | undefined) => {
  const owners = new Map<string, PodEndpoint>();
  const workloads = new Map<string, PodEndpoint[]>();
  for (const pod of pods.values()) {
    if (pod.hostNetwork) continue;
    for (const ip of pod.ips) owners.set(ip, pod);
    const key = workloadKey(pod.namespace, pod.name, pod.workload);
    workloads.set(key, [...(workloads.get(key) ?? []), pod]);
  }
  return (end) => {
    if (end.kind !== 'pod') return end.kind === 'former' || owners.has(end.address) ? undefined : end.address;
    const own = workloads.get(workloadKey(end.namespace, end.name, end.workload)) ?? [];
    const addresses = own.flatMap(({ ips }) => ips);
    if (addresses.includes(end.address)) return end.address;
    return addresses.find((ip) => familyOf(ip) === familyOf(end.address));
  };
};

/**
 * Returns the connections that agents recorded. Both nodes of a connection may have recorded it: the higher count holds. Those of
 * workloads that are gone, and those without a port, are left out.
 */
export const seenFlows = (flows: readonly StoredFlow[], pods: ClusterSnapshot['pods']): readonly SeenFact[] => {
  const addressOf = createAddressBook(pods);
  const seen = new Map<string, SeenFact>();
  for (const flow of flows) {
    const protocol = PROTOCOLS.find((each) => each === flow.protocol);
    const [from, to] = [addressOf(flow.source), addressOf(flow.destination)];
    if (protocol === undefined || flow.port === 0 || from === undefined || to === undefined) continue;
    const verdict = flow.verdict === 'denied' ? 'refused' : 'allowed';
    const key = [from, to, protocol, flow.port, verdict].join(' ');
    const other = seen.get(key);
    const [first, last] = [Date.parse(flow.since), Date.parse(flow.at)];
    seen.set(key, {
      kind: 'seen',
      from,
      to,
      protocol,
      port: flow.port,
      verdict,
      count: Math.max(flow.count, other?.count ?? 0),
      first: Math.min(first, other?.first ?? first),
      last: Math.max(last, other?.last ?? last),
    });
  }
  return [...seen.values()];
};
