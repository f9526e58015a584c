import type { ClusterPlan, NodePlan } from '../plan.ts';
import { dnsObjects } from './dns.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/control-plane';

/** As in `node1`: what the kubelet would register itself, plus what only an administrator may say. */
export const nodeObject = ({ name, podCidrs, role }: NodePlan): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: role === 'control-plane' ? { [ROLE_LABEL]: '' } : {} },
  spec: {
    podCIDR: podCidrs[0],
    podCIDRs: podCidrs,
    ...(role === 'control-plane' ? { taints: [{ key: ROLE_LABEL, effect: 'NoSchedule' }] } : {}),
  },
});

/** A List, as kubectl applies it. */
export const listText = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** Everything that a fresh cluster holds before anybody uses it. */
export const clusterObjects = (plan: ClusterPlan): readonly object[] => [
  ...plan.nodes.map(nodeObject),
  ...dnsObjects(plan),
];
