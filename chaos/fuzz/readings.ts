import { createIntern } from '../../src/cluster/intern.ts';
import { NAMESPACES, NETWORK_POLICIES, PODS, type Resource } from '../../src/cluster/resource.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import type { NaivePod, NaiveWorld } from '../../test/support/naive/world.ts';
import type { FuzzCluster, RawContainer, RawPod } from './fuzz-cluster.ts';

const intern = createIntern();

const keep = <K extends string, T>(resource: Resource<K, T>, objects: readonly object[]): ReadonlyMap<K, T> => {
  const kept = new Map<K, T>();
  for (const object of objects) {
    const raw = object as Readonly<Record<string, unknown>>;
    const key = resource.keyOf(raw);
    const value = resource.trim(raw, intern);
    if (key !== undefined && value !== undefined) kept.set(key, value);
  }
  return kept;
};

/** Returns the cluster as the product's own source would hold it. */
export const snapshotOf = ({ namespaces, pods, policies }: FuzzCluster): ClusterSnapshot => ({
  namespaces: keep(NAMESPACES, namespaces),
  pods: keep(PODS, pods),
  policies: keep(
    NETWORK_POLICIES,
    policies.map(({ object }) => object),
  ),
});

const isLive = ({ status }: RawPod): boolean => status.phase !== 'Succeeded' && status.phase !== 'Failed';

const addressesOf = ({ status }: RawPod): readonly string[] => (status.podIPs ?? []).map(({ ip }) => ip);

/** Reports whether a pod that is being deleted has lost its address to a newer live pod that reports the same one. */
const hasLost = ({ metadata: one }: RawPod, { metadata: other }: RawPod): boolean =>
  one.deletionTimestamp !== undefined &&
  other.deletionTimestamp === undefined &&
  other.creationTimestamp >= one.creationTimestamp;

const mayHave = (pod: RawPod, all: readonly RawPod[], ip: string): boolean =>
  pod.spec.hostNetwork === true ||
  !all.some((other) => other.spec.hostNetwork !== true && addressesOf(other).includes(ip) && hasLost(pod, other));

const portsOf = (containers: readonly RawContainer[]): NaivePod['ports'] =>
  containers.flatMap(({ ports = [] }) =>
    ports.map(({ name, containerPort, protocol = 'TCP' }) => ({
      ...(name !== undefined && { name }),
      port: containerPort,
      protocol,
    })),
  );

/**
 * Returns the cluster for the naive evaluator: without finished pods, each address with its possible owners, faulty
 * policies closed.
 */
export const worldOf = ({ namespaces, pods, policies }: FuzzCluster): NaiveWorld => {
  const live = pods.filter(isLive);
  return {
    namespaces: Object.fromEntries(namespaces.map(({ metadata }) => [metadata.name, metadata.labels])),
    pods: live.map((pod) => ({
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      labels: pod.metadata.labels,
      ips: addressesOf(pod).filter((ip) => mayHave(pod, live, ip)),
      hostIPs: (pod.status.hostIPs ?? []).map(({ ip }) => ip),
      hostNetwork: pod.spec.hostNetwork === true,
      ports: portsOf([
        ...pod.spec.containers,
        ...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
      ]),
    })),
    policies: policies.map(({ object: { metadata }, meaning }) => ({ metadata, spec: meaning })),
  };
};

/** Returns the node of the pod with this address, or with this address itself; undefined for the outside. */
export const nodeAt = (cluster: FuzzCluster, address: string): string | undefined => {
  const live = cluster.pods.filter((pod) => isLive(pod) && pod.spec.hostNetwork !== true);
  return live.find((pod) => addressesOf(pod).includes(address) && mayHave(pod, live, address))?.spec.nodeName;
};
