import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import { NODES } from './addresses.ts';
import type { ChaosPod, ChaosPolicy } from './state.ts';

export const namespaceRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

export const podRef = ({ namespace, name }: Pick<ChaosPod, 'namespace' | 'name'>): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name },
});

export const podObject = ({ namespace, name, labels, node, ports }: ChaosPod): ObjectRef & { readonly spec: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, labels } as ObjectRef['metadata'],
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'server', image: 'example.org/server:1', ports }],
  },
});

export const podStatus = ({ node, ips, finished }: ChaosPod): object => {
  const host = NODES.find(({ name }) => name === node)?.ips ?? [];
  return {
    phase: finished ? 'Succeeded' : 'Running',
    podIP: ips[0],
    podIPs: ips.map((ip) => ({ ip })),
    hostIP: host[0],
    hostIPs: host.map((ip) => ({ ip })),
  };
};

export const policyObject = ({ namespace, name, spec }: ChaosPolicy): ObjectRef & { readonly spec: object } => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace, name },
  spec,
});
