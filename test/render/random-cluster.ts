import fc from 'fast-check';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import { PROTOCOLS } from '../../src/model/protocol.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

/** The addresses that pods can have; few, so that they change owners. */
const POD_ADDRESSES = {
  ipv4: ['10.1.1.1', '10.1.1.2', '10.1.1.3', '10.1.1.66', '10.1.1.129', '10.1.2.1', '10.9.0.1'],
  ipv6: ['fd00::1', 'fd00::2', 'fd00:1::1'],
} as const;

const OUTSIDE = { ipv4: ['203.0.113.7', '10.1.1.200'], ipv6: ['2001:db8::7'] } as const;

/** Every source and destination of a packet. */
export const ADDRESSES = {
  ipv4: [...POD_ADDRESSES.ipv4, ...OUTSIDE.ipv4],
  ipv6: [...POD_ADDRESSES.ipv6, ...OUTSIDE.ipv6],
} as const;

export const PORTS = [80, 81, 90] as const;

const KEYS = ['a', 'b'] as const;
const VALUES = ['', '1', '2'] as const;
const NAMESPACES = ['x', 'y'] as const;

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), {
  maxKeys: 2,
  noNullPrototype: true,
});

const requirement = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1 }),
  }),
  fc.record({ key: fc.constantFrom(...KEYS), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);

const selector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: labels }),
  fc.record({ matchExpressions: fc.array(requirement, { minLength: 1, maxLength: 2 }) }),
);

const ipBlock = fc.constantFrom(
  { cidr: '0.0.0.0/0' },
  { cidr: '0.0.0.0/0', except: ['10.1.1.0/24'] },
  { cidr: '0.0.0.0/0', except: ['10.1.1.0/26', '10.1.2.0/24', '203.0.113.7/32'] },
  { cidr: '10.1.0.0/16', except: ['10.1.1.0/25'] },
  { cidr: '10.1.1.0/24' },
  { cidr: '10.1.1.0/25' },
  { cidr: '10.1.1.2/32' },
  { cidr: '203.0.113.0/24' },
  { cidr: '::/0', except: ['fd00::2/128'] },
  { cidr: 'fd00::/64' },
);

const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ namespaceSelector: selector, podSelector: selector }),
  fc.record({ ipBlock }),
);

const port = fc.oneof(
  fc.record({ protocol: fc.constantFrom(...PROTOCOLS) }),
  fc.record({ port: fc.constantFrom(80, 81), protocol: fc.constantFrom('TCP', 'UDP') }),
  fc.record({ port: fc.constantFrom('web', 'alt') }),
  fc.constant({ port: 80, endPort: 85 }),
);

const rule = (peers: 'from' | 'to') =>
  fc
    .record({ peers: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) })
    .map((each) => ({ [peers]: each.peers, ports: each.ports }));

const spec = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
    ingress: fc.array(rule('from'), { maxLength: 2 }),
    egress: fc.array(rule('to'), { maxLength: 2 }),
  },
  { requiredKeys: ['podSelector'] },
);

const policies: fc.Arbitrary<readonly PolicyObject[]> = fc
  .uniqueArray(fc.record({ namespace: fc.constantFrom(...NAMESPACES), name: fc.constantFrom('p', 'q', 'r'), spec }), {
    maxLength: 4,
    selector: ({ namespace, name }) => `${namespace}/${name}`,
  })
  .map((all) => all.map((each) => policy(`${each.namespace}/${each.name}`, each.spec)));

const ports = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('web', 'alt'),
    protocol: fc.constant('TCP' as const),
    port: fc.constantFrom(...PORTS),
  }),
  { maxLength: 2, selector: ({ name }) => name },
);

const pods: fc.Arbitrary<readonly PodEndpoint[]> = fc
  .record({
    v4: fc.shuffledSubarray([...POD_ADDRESSES.ipv4], { minLength: 2 }),
    v6: fc.shuffledSubarray([...POD_ADDRESSES.ipv6]),
    bodies: fc.array(fc.record({ namespace: fc.constantFrom(...NAMESPACES), labels, ports }), {
      minLength: POD_ADDRESSES.ipv4.length,
      maxLength: POD_ADDRESSES.ipv4.length,
    }),
  })
  .map(({ v4, v6, bodies }) =>
    v4.map((address, at) => {
      const { namespace = '', labels: given = {}, ports: declared = [] } = bodies[at] ?? {};
      const six = v6[at];
      const ips = six === undefined ? [address] : [address, six];
      return pod(`${namespace}/pod-${at}`, given, { ips, ports: declared, hostIPs: ['10.0.0.1'] });
    }),
  );

/** A cluster of one node with arbitrary pods, labels, ports and policies. */
export const randomCluster: fc.Arbitrary<ClusterSnapshot> = fc
  .record({ pods, policies, x: labels, y: labels })
  .map((given) => cluster({ x: given.x, y: given.y }, given.pods, given.policies));
