import type { ClusterPlan, NodePlan } from '../plan.ts';
import { dnsObjects } from './dns.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/control-plane';

/** Returns a node as the kubelet would register it, plus fields that only an administrator may set. */
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

/** Returns a List in kubectl's format. */
export const listText = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** Returns all objects of a new cluster. */
export const clusterObjects = (plan: ClusterPlan): readonly object[] => [
  ...plan.nodes.map(nodeObject),
  ...dnsObjects(plan),
];
