import type { JsonLabels, JsonPolicy, NaiveWorld } from '../../test/support/naive/world.ts';
import type { RawPort } from '../fuzz/fuzz-cluster.ts';

/** A pod as it was written to the API server. */
export interface ChaosPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly labels: JsonLabels;
  readonly ips: readonly string[];
  readonly ports: readonly RawPort[];
  /** Phase Succeeded: its containers are gone for good. */
  readonly finished: boolean;
  /** From the API server, '' before it was written: of two owners of an address the newer has it, then the higher uid. */
  readonly createdAt: string;
  readonly uid: string;
}

export interface ChaosPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly spec: JsonPolicy['spec'];
}

/** What is in the API server, by `namespace/name`; namespaces by name, with their labels. */
export interface ChaosState {
  readonly namespaces: ReadonlyMap<string, JsonLabels>;
  readonly pods: ReadonlyMap<string, ChaosPod>;
  readonly policies: ReadonlyMap<string, ChaosPolicy>;
}

export const keyOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

export const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> => {
  const changed = new Map(map);
  if (value === undefined) changed.delete(key);
  else changed.set(key, value);
  return changed;
};

const isNewer = (one: ChaosPod, other: ChaosPod): boolean =>
  one.createdAt === other.createdAt ? one.uid > other.uid : one.createdAt > other.createdAt;

/** The state as the naive evaluator takes it. */
export const worldOf = ({ namespaces, pods, policies }: ChaosState): NaiveWorld => {
  const live = [...pods.values()].filter(({ finished }) => !finished);
  const owns = (pod: ChaosPod, ip: string): boolean =>
    !live.some((other) => other !== pod && other.ips.includes(ip) && isNewer(other, pod));
  return {
    namespaces: Object.fromEntries(namespaces),
    pods: live.map((pod) => ({
      namespace: pod.namespace,
      name: pod.name,
      labels: pod.labels,
      ips: pod.ips.filter((ip) => owns(pod, ip)),
      hostIPs: [],
      hostNetwork: false,
      ports: pod.ports.map(({ name, containerPort, protocol = 'TCP' }) => ({
        ...(name !== undefined && { name }),
        port: containerPort,
        protocol,
      })),
    })),
    policies: [...policies.values()].map(({ namespace, name, spec }) => ({ metadata: { namespace, name }, spec })),
  };
};

/** The state in a few lines, for whoever has to understand a finding. */
export const stateText = ({ namespaces, pods, policies }: ChaosState): string =>
  [
    ...[...namespaces].map(([name, labels]) => `namespace ${name} ${JSON.stringify(labels)}`),
    ...[...pods.values()].map(
      ({ node, ips, labels, ports, finished, ...pod }) =>
        `pod ${keyOf(pod)} on ${node}${finished ? ' (finished)' : ''} ${ips.join(' ')} ${JSON.stringify({ labels, ports })}`,
    ),
    ...[...policies.values()].map((policy) => `policy ${keyOf(policy)} ${JSON.stringify(policy.spec)}`),
  ].join('\n');
