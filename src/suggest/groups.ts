import { NAME_LABEL } from '../model/namespace.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { byText } from '../policy/text-order.ts';
import {
  fewestLabels,
  hasEntries,
  type LabelEntries,
  stableLabels,
  writtenNamespace,
  type WrittenPeer,
  writtenSelector,
  type WrittenSelector,
} from '../policy/written-selector.ts';
import { eachPod, type WorkloadName, type WorkloadOf } from '../reach/workloads.ts';

/** Pods of a namespace that one selector means: a workload, or several that no lasting label tells apart. */
export interface Group {
  readonly namespace: string;
  /** Sorted; at least one. */
  readonly workloads: readonly WorkloadName[];
  readonly pods: readonly PodEndpoint[];
  readonly selector: WrittenSelector;
}

/** The workloads of a cluster as policies can name them. Pods on the host network are none of them. */
export interface Groups {
  readonly all: readonly Group[];
  /** Returns the group of a workload; undefined for one that the cluster does not have. */
  of(namespace: string, workload: WorkloadName): Group | undefined;
  /** Returns the group of the workload after which a pod that is gone was named. */
  ofPodName(namespace: string, pod: string): Group | undefined;
  /** Returns the group as an entry of `from` or `to` in a policy of the namespace `home`. */
  peer(group: Group, home: string): WrittenPeer;
}

/** Returns `shop/web`; of several workloads all names. */
export const groupName = ({ namespace, workloads }: Group): string =>
  `${namespace}/${workloads.map(({ name }) => name).join('+')}`;

const keyOf = (namespace: string, { kind, name }: WorkloadName): string => `${namespace}/${kind}/${name}`;

interface Draft {
  readonly workloads: readonly WorkloadName[];
  readonly pods: readonly PodEndpoint[];
}

const commonLabels = ([first, ...others]: readonly PodEndpoint[]): LabelEntries =>
  first === undefined
    ? []
    : stableLabels(first.labels).filter((entry) => others.every(({ labels }) => hasEntries(labels, [entry])));

/** Keys that none of the pods has, such that each of the others has at least one; undefined where there are none. */
const keysOfOthers = (pods: readonly PodEndpoint[], others: readonly PodEndpoint[]): readonly string[] | undefined => {
  const own = new Set(pods.flatMap(({ labels }) => [...labels.keys()]));
  const keys: string[] = [];
  for (let left = others; left.length > 0; ) {
    const candidates = left.map(({ labels }) =>
      stableLabels(labels)
        .map(([key]) => key)
        .filter((key) => !own.has(key)),
    );
    const key = candidates[0]?.[0];
    if (key === undefined) return undefined;
    keys.push(key);
    left = left.filter(({ labels }) => !labels.has(key));
  }
  return keys.sort(byText);
};

/** A selector of the draft's pods, or the pods of others that every selector of theirs means too. */
const selectorOrAlike = (
  { pods }: Draft,
  siblings: readonly PodEndpoint[],
): { readonly selector: WrittenSelector } | { readonly alike: readonly PodEndpoint[] } => {
  const entries = commonLabels(pods);
  const own = new Set(pods);
  const others = siblings.filter((pod) => !own.has(pod) && hasEntries(pod.labels, entries));
  if (others.length === 0) return { selector: writtenSelector(fewestLabels(entries, siblings)) };
  const keys = keysOfOthers(pods, others);
  if (keys === undefined) return { alike: others };
  const matchExpressions = keys.map((key) => ({ key, operator: 'DoesNotExist' as const }));
  return { selector: { ...writtenSelector(entries), matchExpressions } };
};

/** Joins workloads until a selector means each group and nothing else. */
const groupsIn = (namespace: string, siblings: readonly PodEndpoint[], drafts: readonly Draft[]): readonly Group[] => {
  for (const draft of drafts) {
    const found = selectorOrAlike(draft, siblings);
    if ('selector' in found) continue;
    const joined = drafts.filter((other) => other === draft || other.pods.some((pod) => found.alike.includes(pod)));
    const union: Draft = {
      workloads: joined.flatMap(({ workloads }) => workloads),
      pods: joined.flatMap(({ pods }) => pods),
    };
    return groupsIn(namespace, siblings, [...drafts.filter((other) => !joined.includes(other)), union]);
  }
  return drafts.map((draft): Group => {
    const found = selectorOrAlike(draft, siblings);
    const workloads = [...draft.workloads].sort((a, b) => byText(a.name, b.name) || byText(a.kind, b.kind));
    return { namespace, workloads, pods: draft.pods, selector: 'selector' in found ? found.selector : {} };
  });
};

/** Names the workloads of a cluster by selectors, each of which means one group of pods and no other. */
export const findGroups = ({ pods, namespaces }: ClusterSnapshot, workloadOf: WorkloadOf = eachPod): Groups => {
  const byNamespace = Map.groupBy(
    [...pods.values()].filter(({ hostNetwork }) => !hostNetwork),
    ({ namespace }) => namespace,
  );
  const all = [...byNamespace]
    .flatMap(([namespace, siblings]) => {
      const byWorkload = Map.groupBy(siblings, (pod) => keyOf(namespace, workloadOf(pod)));
      const drafts = [...byWorkload.values()].flatMap((alike): readonly Draft[] => {
        const [first] = alike;
        return first === undefined ? [] : [{ workloads: [workloadOf(first)], pods: alike }];
      });
      return groupsIn(namespace, siblings, drafts);
    })
    .sort((a, b) => byText(groupName(a), groupName(b)));
  const byKey = new Map(
    all.flatMap((group) => group.workloads.map((workload) => [keyOf(group.namespace, workload), group] as const)),
  );
  return {
    all,
    of: (namespace, workload) => byKey.get(keyOf(namespace, workload)),
    ofPodName(namespace, pod) {
      const named = all
        .filter((group) => group.namespace === namespace)
        .flatMap((group) => group.workloads.map(({ name }) => ({ group, name })))
        .filter(({ name }) => pod === name || pod.startsWith(`${name}-`))
        .sort((a, b) => b.name.length - a.name.length);
      return named[0]?.group;
    },
    peer({ namespace, selector }, home) {
      if (namespace === home) return { podSelector: selector };
      const labels = namespaces.get(namespace)?.labels ?? new Map([[NAME_LABEL, namespace]]);
      return { namespaceSelector: writtenNamespace(namespace, labels), podSelector: selector };
    },
  };
};
