import type { JsonLabels, JsonPolicy, NaiveWorld } from '../../test/support/naive/world.ts';
import type { RawPort } from '../fuzz/fuzz-cluster.ts';

/** A pod as written to the API server. */
export interface ChaosPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly labels: JsonLabels;
  readonly ips: readonly string[];
  readonly ports: readonly RawPort[];
  /** Whether its phase is Succeeded: its containers are gone for good. */
  readonly finished: boolean;
  readonly uid: string;
}

export interface ChaosPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly spec: JsonPolicy['spec'];
}

/** The content of the API server, by `namespace/name`; namespaces by name, with their labels. */
export interface ChaosState {
  readonly namespaces: ReadonlyMap<string, JsonLabels>;
  readonly pods: ReadonlyMap<string, ChaosPod>;
  readonly policies: ReadonlyMap<string, ChaosPolicy>;
  /** The addresses of all finished and deleted pods. */
  readonly left: ReadonlySet<string>;
}

export const keyOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

export const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> => {
  const changed = new Map(map);
  if (value === undefined) changed.delete(key);
  else changed.set(key, value);
  return changed;
};

/** Returns addresses of gone pods that no other pod has: an agent that saw them go closes them for a while. */
export const leftAddresses = ({ pods, left }: ChaosState): ReadonlySet<string> => {
  const live = [...pods.values()].filter(({ finished }) => !finished).flatMap(({ ips }) => ips);
  return left.difference(new Set(live));
};

/** Returns the state for the naive evaluator. */
export const worldOf = ({ namespaces, pods, policies }: ChaosState): NaiveWorld => {
  const live = [...pods.values()].filter(({ finished }) => !finished);
  return {
    namespaces: Object.fromEntries(namespaces),
    pods: live.map((pod) => ({
      namespace: pod.namespace,
      name: pod.name,
      labels: pod.labels,
      ips: pod.ips,
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

/** Describes the state in a few lines, to make a finding understandable. */
export const stateText = ({ namespaces, pods, policies }: ChaosState): string =>
  [
    ...[...namespaces].map(([name, labels]) => `namespace ${name} ${JSON.stringify(labels)}`),
    ...[...pods.values()].map(
      ({ node, ips, labels, ports, finished, ...pod }) =>
        `pod ${keyOf(pod)} on ${node}${finished ? ' (finished)' : ''} ${ips.join(' ')} ${JSON.stringify({ labels, ports })}`,
    ),
    ...[...policies.values()].map((policy) => `policy ${keyOf(policy)} ${JSON.stringify(policy.spec)}`),
  ].join('\n');
