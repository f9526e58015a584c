import type { PodEndpoint } from '../../src/model/pod.ts';

/** A pod of the namespace shop on n1 that has no address and no labels, unless `changes` says otherwise. */
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
