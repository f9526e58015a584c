import { assignAddresses } from '../../cluster/assign-addresses.ts';
import { ofFamily } from '../../lab/addresses.ts';
import type { IpFamily } from '../../model/family.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import { type NodeBook, nodeNames } from './nodes.ts';

/** Adds to pods what a scheduler, a CNI and kubelets would add: a node, addresses, and the node's addresses. */
export type PlacePods = (loaded: ClusterSnapshot, previous: ClusterSnapshot) => ClusterSnapshot;

/** Drops addresses of families that the playground does not use. */
export const createPlacePods =
  (families: readonly IpFamily[], book: NodeBook): PlacePods =>
  (loaded, previous) => {
    const reachable = (pod: PodEndpoint): PodEndpoint => ({
      ...pod,
      ips: families.flatMap((family) => ofFamily(family, pod.ips)),
    });
    const given = new Map([...loaded.pods].map(([uid, pod]) => [uid, reachable(pod)]));
    const nodes = nodeNames(given.values());
    // In the order of their names, whichever pod comes first.
    for (const name of nodes) book.of(name);
    const assigned = assignAddresses(given, {
      nodes,
      cidrsOf: (node) => book.of(node).spec.podCidrs,
      previous: previous.pods,
    });
    const pods = new Map(
      [...assigned].map(([uid, pod]) => {
        const hostIPs = book.of(pod.node).spec.ips;
        return [uid, { ...pod, hostIPs, ips: pod.hostNetwork ? hostIPs : pod.ips }];
      }),
    );
    return { ...loaded, pods };
  };
