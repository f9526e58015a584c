import type { Labels } from '../model/labels.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import type { ParsedPolicy } from '../policy/parsed.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { selects } from '../policy/selector.ts';

/** A policy to check: as written, and as it was read. */
export interface CheckedPolicy {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly parsed: ParsedPolicy;
  /** The pods that it selects, those on the host network among them. */
  readonly pods: readonly PodEndpoint[];
}

/** What a policy is checked against. Where something is not in the input, nothing is said for want of it. */
export interface CheckedCluster {
  readonly policies: readonly CheckedPolicy[];
  readonly pods: readonly PodEndpoint[];
  /** Every namespace that is known of, with its labels. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  /** Namespaces that are there as objects, sorted; none where the input leaves namespaces to others. */
  readonly declared: readonly string[];
}

const NAME_LABEL = 'kubernetes.io/metadata.name';

const SYSTEM_NAMESPACES: readonly string[] = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Namespaces that every cluster has; manifests seldom show them, or all of their pods. */
export const isSystemNamespace = (name: string): boolean => SYSTEM_NAMESPACES.includes(name);

const asFields = (spec: unknown): Readonly<Record<string, unknown>> =>
  typeof spec === 'object' && spec !== null && !Array.isArray(spec) ? (spec as Readonly<Record<string, unknown>>) : {};

/** @param declared names of the namespaces that the input has as objects. */
export const toCheckedCluster = (snapshot: ClusterSnapshot, declared: Iterable<string>): CheckedCluster => {
  const pods = [...snapshot.pods.values()];
  const byNamespace = Map.groupBy(pods, ({ namespace }) => namespace);
  const labels = (name: string): Labels => snapshot.namespaces.get(name)?.labels ?? new Map([[NAME_LABEL, name]]);
  const policies = [...snapshot.policies.values()].map((object): CheckedPolicy => {
    const parsed = parsePolicy(object);
    const candidates = byNamespace.get(object.namespace) ?? [];
    return {
      spec: asFields(object.spec),
      parsed,
      pods: candidates.filter((pod) => selects(parsed.podSelector, pod.labels)),
    };
  });
  return {
    policies,
    pods,
    namespaces: new Map([...SYSTEM_NAMESPACES, ...snapshot.namespaces.keys()].map((name) => [name, labels(name)])),
    declared: [...declared].sort(),
  };
};
