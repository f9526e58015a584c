import type { Labels } from '../model/labels.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { Protocol } from '../model/protocol.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import type { ParsedPolicy } from '../policy/parsed.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { selects } from '../policy/selector.ts';
import { NAME_LABEL } from '../model/namespace.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A policy to check: as written, and as it was read. */
export interface CheckedPolicy {
  /** The whole object as written; only `spec` if the rest is unknown. */
  readonly written: Fields;
  readonly spec: Fields;
  readonly parsed: ParsedPolicy;
  /** The pods that it selects, including those on the host network. */
  readonly pods: readonly PodEndpoint[];
}

/** The part of a v1 Service that shows which pods are behind which ports. */
export interface CheckedService {
  readonly namespace: string;
  readonly name: string;
  readonly selector: Labels;
  readonly ports: readonly {
    readonly name: string | undefined;
    readonly protocol: Protocol;
    readonly port: number;
    readonly targetPort: number | string;
  }[];
  readonly clusterIPs: readonly string[];
}

/** The surroundings of a policy. If the input lacks something, no finding is based on that. */
export interface CheckedCluster {
  readonly policies: readonly CheckedPolicy[];
  readonly pods: readonly PodEndpoint[];
  readonly podsByNamespace: ReadonlyMap<string, readonly PodEndpoint[]>;
  readonly services: readonly CheckedService[];
  /** Every known namespace, with its labels. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  /** Sorted namespaces that exist as objects; empty if the input has none. */
  readonly declared: readonly string[];
}

/** Returns the pods of some namespaces. */
export const podsIn = (names: readonly string[], { podsByNamespace }: CheckedCluster): readonly PodEndpoint[] =>
  names.flatMap((name) => podsByNamespace.get(name) ?? []);

/** The parts of the input that are not in the snapshot. */
export interface Surroundings {
  /** Names of the namespaces that the input has as objects. */
  readonly declared?: Iterable<string>;
  readonly services?: readonly CheckedService[];
  /** Returns the whole policy as written. */
  readonly written?: (key: PolicyKey) => Fields | undefined;
}

const SYSTEM_NAMESPACES: readonly string[] = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Reports whether every cluster has the namespace; manifests seldom have such namespaces, or all of their pods. */
export const isSystemNamespace = (name: string): boolean => SYSTEM_NAMESPACES.includes(name);

const asFields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const toCheckedCluster = (
  snapshot: ClusterSnapshot,
  { declared = [], services = [], written = () => undefined }: Surroundings = {},
): CheckedCluster => {
  const pods = [...snapshot.pods.values()];
  const byNamespace = Map.groupBy(pods, ({ namespace }) => namespace);
  const labels = (name: string): Labels => snapshot.namespaces.get(name)?.labels ?? new Map([[NAME_LABEL, name]]);
  const policies = [...snapshot.policies.values()].map((object): CheckedPolicy => {
    const parsed = parsePolicy(object);
    const candidates = byNamespace.get(object.namespace) ?? [];
    return {
      written: written(object.key) ?? { spec: object.spec },
      spec: asFields(object.spec),
      parsed,
      pods: candidates.filter((pod) => selects(parsed.podSelector, pod.labels)),
    };
  });
  return {
    policies,
    pods,
    podsByNamespace: byNamespace,
    services,
    namespaces: new Map([...SYSTEM_NAMESPACES, ...snapshot.namespaces.keys()].map((name) => [name, labels(name)])),
    declared: [...declared].sort(),
  };
};
