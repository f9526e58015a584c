import type { PodEndpoint } from '../../src/model/pod.ts';

/** Returns a pod of the namespace shop on n1 without address and labels, with `changes`. */
export const podEndpoint = (name: string, changes: Partial<PodEndpoint> = {}): PodEndpoint => ({
  uid: name,
  namespace: 'shop',
  name,
  node: 'n1',
  labels: new Map(),
  ips: [],
  hostIPs: [],
  hostNetwork: false,
  ports: [],
  createdAt: 0,
  ...changes,
});
