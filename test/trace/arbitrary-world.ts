import fc from 'fast-check';
import { expressionOn } from '../support/arbitrary-expression.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import type { Protocol } from '../../src/model/protocol.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import type {
  JsonLabels,
  JsonPeer,
  JsonPolicy,
  JsonPort,
  JsonSelector,
  NaivePod,
  NaiveWorld,
} from '../support/naive/world.ts';

/** All values are from small pools, so that selectors match, ports coincide and blocks overlap often. */
const NAMESPACES = ['red', 'blue', 'green'] as const;
const KEYS = ['a', 'b', 'kubernetes.io/metadata.name'] as const;
const VALUES = ['', 'x', 'y', 'red', 'blue'] as const;
const PORTS = [80, 81, 443, 8080] as const;
const PORT_NAMES = ['web', 'api'] as const;
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
const NODES = [
  ['10.0.9.1', 'fd00::9:1'],
  ['10.0.9.2', 'fd00::9:2'],
] as const;
const CIDRS = [
  { cidr: '0.0.0.0/0', holes: ['10.0.0.0/8', '10.0.1.0/24', '203.0.113.0/25'] },
  { cidr: '10.0.0.0/16', holes: ['10.0.0.0/24', '10.0.1.0/25', '10.0.1.2/32'] },
  { cidr: '10.0.1.0/24', holes: ['10.0.1.0/30', '10.0.1.2/31'] },
  { cidr: '203.0.113.7/32', holes: [] },
  { cidr: '::/0', holes: ['fd00::/16', 'fd00::1:0/112'] },
  { cidr: 'fd00::1:0/112', holes: ['fd00::1:2/127', 'fd00::1:1/128'] },
] as const;

export const OUTSIDE = ['203.0.113.7', '203.0.113.200', 'fd77::7', '10.0.1.77'] as const;

const labels: fc.Arbitrary<JsonLabels> = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom(...VALUES), {
  maxKeys: 2,
});

const expression = expressionOn(KEYS, VALUES);

const selector: fc.Arbitrary<JsonSelector> = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) }, { requiredKeys: [] }),
);

const ipBlock = fc
  .constantFrom(...CIDRS)
  .chain(({ cidr, holes }) =>
    fc.subarray<string>([...holes]).map((except) => ({ cidr, ...(except.length > 0 && { except }) })),
  );

const peer: fc.Arbitrary<JsonPeer> = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.record({ ipBlock }),
);

const protocolField = fc.option(fc.constantFrom(...PROTOCOLS), { nil: undefined });

const withoutUndefined = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;

const port: fc.Arbitrary<JsonPort> = fc
  .tuple(
    protocolField,
    fc.oneof(
      fc.constant({}),
      fc.constantFrom(...PORTS).map((number) => ({ port: number })),
      fc.constantFrom(...PORT_NAMES).map((name) => ({ port: name })),
      fc.tuple(fc.constantFrom(...PORTS), fc.nat(10_000)).map(([from, more]) => ({ port: from, endPort: from + more })),
    ),
  )
  .map(([protocol, numbers]) => withoutUndefined({ protocol, ...numbers }) as JsonPort);

const peers = fc.option(fc.array(peer, { maxLength: 3 }), { nil: undefined });
const ports = fc.option(fc.array(port, { maxLength: 3 }), { nil: undefined });

const ingressRule = fc.record({ from: peers, ports }).map(withoutUndefined);
const egressRule = fc.record({ to: peers, ports }).map(withoutUndefined);

const spec = fc
  .record({
    podSelector: selector,
    policyTypes: fc.option(fc.subarray(['Ingress', 'Egress']), { nil: undefined }),
    ingress: fc.option(fc.array(ingressRule, { maxLength: 2 }), { nil: undefined }),
    egress: fc.option(fc.array(egressRule, { maxLength: 2 }), { nil: undefined }),
  })
  .map((fields) => withoutUndefined(fields) as JsonPolicy['spec']);

const containerPort = fc.record({
  name: fc.constantFrom(...PORT_NAMES),
  port: fc.constantFrom(...PORTS),
  protocol: fc.constantFrom(...PROTOCOLS),
});

const podFields = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  labels,
  hostIPs: fc.constantFrom(...NODES),
  families: fc.constantFrom('4', '6', '46'),
  hostNetwork: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
  ports: fc.array(containerPort, { maxLength: 3 }),
});

const pods: fc.Arbitrary<readonly NaivePod[]> = fc.array(podFields, { minLength: 1, maxLength: 6 }).map((all) =>
  all.map(({ families, hostIPs, ...pod }, at) => {
    const own = [`10.0.${at % 2}.${at + 1}`, `fd00::${at % 2 === 0 ? '' : '1:'}${at + 1}`];
    return {
      ...pod,
      name: `p${at}`,
      hostIPs,
      ips: pod.hostNetwork ? hostIPs : own.filter((ip) => families.includes(ip.includes(':') ? '6' : '4')),
    };
  }),
);

const namespaces: fc.Arbitrary<NaiveWorld['namespaces']> = fc
  .tuple(labels, labels, labels)
  .map((all) =>
    Object.fromEntries(NAMESPACES.map((name, at) => [name, { ...all[at], 'kubernetes.io/metadata.name': name }])),
  );

/** A small cluster with valid policies. */
export const arbitraryWorld: fc.Arbitrary<NaiveWorld> = fc.record({
  namespaces,
  pods,
  policies: fc
    .array(fc.tuple(fc.constantFrom(...NAMESPACES), spec), { maxLength: 5 })
    .map((all) => all.map(([namespace, each], at) => ({ metadata: { namespace, name: `n${at}` }, spec: each }))),
});

/** Returns every address that matters in a world: of pods, of nodes, of the outside. */
export const addressesOf = ({ pods: all }: NaiveWorld): readonly string[] => [
  ...new Set([...all.flatMap(({ ips, hostIPs }) => [...ips, ...hostIPs]), ...OUTSIDE]),
];

const toEndpoint = (pod: NaivePod): PodEndpoint => ({
  uid: `${pod.namespace}/${pod.name}`,
  namespace: pod.namespace,
  name: pod.name,
  node: '',
  labels: new Map(Object.entries(pod.labels)),
  ips: pod.ips,
  hostIPs: pod.hostIPs,
  hostNetwork: pod.hostNetwork,
  ports: pod.ports.map(({ name, port: number, protocol }) => ({ name, port: number, protocol: protocol as Protocol })),
  createdAt: 0,
});

/** Returns the same world in the form of a cluster snapshot. */
export const toSnapshot = (world: NaiveWorld): ClusterSnapshot => ({
  namespaces: new Map(
    Object.entries(world.namespaces).map(([name, each]) => [name, { name, labels: new Map(Object.entries(each)) }]),
  ),
  pods: new Map(world.pods.map(toEndpoint).map((pod) => [pod.uid, pod])),
  policies: new Map(
    world.policies.map(({ metadata: { namespace, name }, spec: each }) => {
      const key = policyKey(namespace, name);
      return [key, { key, namespace, name, spec: each }];
    }),
  ),
});
