import type { World } from '../../../src/cli/play/world.ts';
import type { ContainerPort, PodEndpoint } from '../../../src/model/pod.ts';
import { policyKey } from '../../../src/model/policy-object.ts';

/** A pod of namespace shop, on node1. */
export const podOf = (
  name: string,
  ip: string,
  ports: readonly Omit<ContainerPort, 'name'>[] = [],
  more: Partial<PodEndpoint> = {},
): PodEndpoint => ({
  uid: `shop/${name}`,
  namespace: 'shop',
  name,
  node: 'node1',
  labels: new Map([['app', name]]),
  ips: [ip],
  hostIPs: ['172.18.0.2'],
  hostNetwork: false,
  ports: ports.map((port) => ({ name: undefined, ...port })),
  createdAt: 0,
  ...more,
});

/** Namespace shop with these pods, and policies by name. */
export const worldOf = (
  pods: readonly PodEndpoint[],
  policies: Readonly<Record<string, unknown>> = {},
  more: Partial<World> = {},
): World => ({
  snapshot: {
    namespaces: new Map([['shop', { name: 'shop', labels: new Map() }]]),
    pods: new Map(pods.map((pod) => [pod.uid, pod])),
    policies: new Map(
      Object.entries(policies).map(([name, spec]) => {
        const key = policyKey('shop', name);
        return [key, { key, namespace: 'shop', name, spec }];
      }),
    ),
  },
  services: [],
  externals: [],
  ...more,
});
