import { expect, test } from '@jest/globals';
import { apiUrl, planCluster } from '../../../e2e/cluster/plan.ts';

test('a planned cluster has three nodes, the first a control plane, each with its own range', () => {
  const { nodes } = planCluster(['ipv4']);
  expect(nodes.map(({ name, role }) => [name, role])).toEqual([
    ['node1', 'control-plane'],
    ['node2', 'worker'],
    ['node3', 'worker'],
  ]);
  expect(nodes[1]).toMatchObject({ ips: ['172.18.0.3'], podCidrs: ['10.244.2.0/24'] });
});

test('the first family of a planned cluster is the primary one everywhere', () => {
  const plan = planCluster(['ipv6', 'ipv4']);
  expect(plan.nodes[0]).toMatchObject({
    ips: ['fd00:172:18::2', '172.18.0.2'],
    podCidrs: ['fd00:10:244:1::/64', '10.244.1.0/24'],
  });
  expect(plan.serviceCidrs).toEqual(['fd00:10:96::/112', '10.96.0.0/16']);
  expect(apiUrl(plan)).toBe('https://[fd00:172:18::1]:6443');
});

test('a cluster without a family is refused', () => {
  expect(() => apiUrl(planCluster([]))).toThrow('a cluster needs an IP family');
});
