import { expect, test } from '@jest/globals';
import { groupOfOtherPolicy, OTHER_POLICY_KINDS } from '../../src/cluster/other-policy-kinds.ts';
import { otherPoliciesIn } from '../../src/cluster/manifest/other-policies.ts';
import { readManifest } from '../../src/cluster/manifest/read-manifest.ts';

test.each([
  ['policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy'],
  ['policy.networking.k8s.io/v1alpha1', 'BaselineAdminNetworkPolicy'],
  ['policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'],
  ['crd.projectcalico.org/v1', 'NetworkPolicy'],
  ['projectcalico.org/v3', 'GlobalNetworkPolicy'],
  ['cilium.io/v2', 'CiliumNetworkPolicy'],
  ['cilium.io/v2', 'CiliumClusterwideNetworkPolicy'],
  ['crd.antrea.io/v1beta1', 'ClusterNetworkPolicy'],
  ['crd.antrea.io/v1beta1', 'NetworkPolicy'],
  ['k8s.cni.cncf.io/v1beta1', 'MultiNetworkPolicy'],
  ['k8s.ovn.org/v1', 'EgressFirewall'],
  // An unknown project: the name is enough.
  ['example.com/v1', 'TenantNetworkPolicy'],
])('%s %s is a policy that is not enforced here', (apiVersion, kind) => {
  expect(groupOfOtherPolicy(apiVersion, kind)).toBe(apiVersion.split('/')[0]);
});

test.each([
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['extensions/v1beta1', 'NetworkPolicy'],
  ['v1', 'Pod'],
  ['projectcalico.org/v3', 'StagedNetworkPolicy'],
  ['projectcalico.org/v3', 'IPPool'],
  ['cilium.io/v2', 'CiliumEndpoint'],
  ['policy/v1', 'PodDisruptionBudget'],
])('%s %s is not a policy of another project', (apiVersion, kind) => {
  expect(groupOfOtherPolicy(apiVersion, kind)).toBeUndefined();
});

test('the plurals of other kinds are those of the API servers', () => {
  const plurals = new Map(OTHER_POLICY_KINDS.map(({ kind, resource }) => [kind, resource]));
  expect(Object.fromEntries(plurals)).toMatchObject({
    AdminNetworkPolicy: 'adminnetworkpolicies',
    MultiNetworkPolicy: 'multi-networkpolicies',
    EgressFirewall: 'egressfirewalls',
    CiliumClusterwideNetworkPolicy: 'ciliumclusterwidenetworkpolicies',
  });
});

test('objects of other kinds are counted by kind, also in lists', () => {
  const one = (name: string): string =>
    `{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: ${name}}, spec: {}}`;
  const text = `apiVersion: v1\nkind: List\nitems: [${one('a')}, ${one('b')}]\n---\n${one('c')}\n`;
  expect(otherPoliciesIn(readManifest(text, 'all.yaml').objects)).toMatchObject([
    { kind: 'CiliumNetworkPolicy', group: 'cilium.io', state: 'stored', count: 3, first: { name: 'a' } },
  ]);
});
