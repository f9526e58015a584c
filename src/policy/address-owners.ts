import type { PodEndpoint } from '../model/pod.ts';

const isNewer = (a: PodEndpoint, b: PodEndpoint): boolean =>
  a.createdAt === b.createdAt ? a.uid > b.uid : a.createdAt > b.createdAt;

/**
 * Gives each address to the newest live pod that reports it: an address is reused as soon as a pod is gone from its
 * node, and the API may still list the old one. The older pod keeps its other addresses. Pods on the host network
 * share their node's addresses and own none.
 */
export const settleAddresses = (pods: Iterable<PodEndpoint>): readonly PodEndpoint[] => {
  const all = [...pods];
  const owners = new Map<string, PodEndpoint>();
  let contested = false;
  for (const pod of all) {
    if (pod.hostNetwork) continue;
    for (const ip of pod.ips) {
      const owner = owners.get(ip);
      if (owner !== undefined) contested = true;
      if (owner === undefined || isNewer(pod, owner)) owners.set(ip, pod);
    }
  }
  if (!contested) return all;
  return all.map((pod) => {
    if (pod.hostNetwork || pod.ips.every((ip) => owners.get(ip) === pod)) return pod;
    return { ...pod, ips: pod.ips.filter((ip) => owners.get(ip) === pod) };
  });
};
