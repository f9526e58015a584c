import type { PodEndpoint } from '../model/pod.ts';
import { byText } from '../policy/text-order.ts';
import { describePod } from '../trace/describe.ts';
import type { ClusterReach } from './cluster-reach.ts';

/** The workload that a pod belongs to. */
export interface WorkloadName {
  /** `Deployment`; `Pod` where a pod stands for itself. */
  readonly kind: string;
  readonly name: string;
}

/** Pods of one workload that fare alike: a row and a column of the matrix. */
export interface Row {
  /** `shop/web`; `shop/web-1`, or `shop/web-1 +2` where only some pods of a workload are meant. */
  readonly name: string;
  readonly namespace: string;
  /** See ClusterReach.classes. */
  readonly podClass: number;
  /** At least one. */
  readonly pods: readonly PodEndpoint[];
  /** All pods of the workload are in this row. */
  readonly isWhole: boolean;
}

/** Finds the workload of a pod. */
export type WorkloadOf = (pod: PodEndpoint) => WorkloadName;

/** Every pod by itself. */
export const eachPod: WorkloadOf = ({ name }) => ({ kind: 'Pod', name });

const byName = (a: Row, b: Row): number => byText(a.name, b.name);

/** Names workloads as people do; the kind is added where two of one name differ in nothing else. */
export const createWorkloadNames = (
  pods: readonly PodEndpoint[],
  workloadOf: WorkloadOf,
): ((pod: PodEndpoint) => string) => {
  const kinds = new Map<string, Set<string>>();
  const plain = (pod: PodEndpoint): string => `${pod.namespace}/${workloadOf(pod).name}`;
  for (const pod of pods) {
    const known = kinds.get(plain(pod)) ?? new Set();
    kinds.set(plain(pod), known.add(workloadOf(pod).kind));
  }
  return (pod) => {
    const name = plain(pod);
    return (kinds.get(name)?.size ?? 0) > 1 ? `${name} (${workloadOf(pod).kind})` : name;
  };
};

/**
 * Puts pods into rows: by workload, and where the pods of a workload fare differently, by class.
 *
 * @param all the pods of the cluster, to tell whether a row has all of its workload
 * @param pods those that rows are made of
 */
export const createRows = (
  reach: ClusterReach,
  all: readonly PodEndpoint[],
  pods: readonly PodEndpoint[],
  workloadOf: WorkloadOf,
): readonly Row[] => {
  const nameOf = createWorkloadNames(all, workloadOf);
  const sizes = new Map<string, number>();
  for (const pod of all) sizes.set(nameOf(pod), (sizes.get(nameOf(pod)) ?? 0) + 1);
  const rows: Row[] = [];
  for (const [workload, members] of Map.groupBy(pods, nameOf)) {
    for (const [podClass, alike] of Map.groupBy(members, (pod) => reach.classOf.get(pod) ?? 0)) {
      const [first] = alike;
      if (first === undefined) continue;
      const isWhole = alike.length === sizes.get(workload);
      const more = alike.length > 1 ? ` +${alike.length - 1}` : '';
      const name = isWhole ? workload : `${describePod(first)}${more}`;
      rows.push({ name, namespace: first.namespace, podClass, pods: alike, isWhole });
    }
  }
  return rows.sort(byName);
};

/** Two different pods of which the first is in one row and the second in the other; undefined where there are none. */
export const pairOf = (source: Row, destination: Row): readonly [PodEndpoint, PodEndpoint] | undefined => {
  const [from, other = from] = source.pods;
  const to = destination.pods.find((pod) => pod !== from);
  if (from !== undefined && to !== undefined) return [from, to];
  const [only] = destination.pods;
  return other === undefined || only === undefined || other === only ? undefined : [other, only];
};

/** How many pairs of different pods there are between two rows. */
export const pairCount = (source: Row, destination: Row): number => {
  const product = source.pods.length * destination.pods.length;
  if (source.podClass !== destination.podClass) return product;
  if (source === destination) return product - source.pods.length;
  const sources = new Set(source.pods);
  return product - destination.pods.filter((pod) => sources.has(pod)).length;
};
