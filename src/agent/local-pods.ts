import type { ClusterSource } from '../cluster/source.ts';
import type { ClusterChange } from '../model/cluster-change.ts';
import type { PodEndpoint } from '../model/pod.ts';

/** The node's own pods among all of the cluster. */
export interface LocalPods {
  /** @returns whether the change is of one of them */
  note(change: ClusterChange): boolean;
  /** Returns those with their own network. */
  list(): readonly PodEndpoint[];
}

/** @param node `spec.nodeName` of the pods */
export const createLocalPods = (source: Pick<ClusterSource, 'snapshot'>, node: string): LocalPods => {
  const pods = new Map<string, PodEndpoint>();
  let list: readonly PodEndpoint[] | undefined;
  return {
    note({ kind, key }) {
      if (kind !== 'pods') return false;
      const pod = source.snapshot().pods.get(key);
      const isLocal = pod?.node === node && !pod.hostNetwork;
      if (!isLocal && !pods.has(key)) return false;
      if (isLocal) pods.set(key, pod);
      else pods.delete(key);
      list = undefined;
      return true;
    },
    list: () => (list ??= [...pods.values()]),
  };
};
