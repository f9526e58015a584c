import { nodeAddress } from '../../../src/lab/fabric.ts';
import type { ServiceSpec } from '../../../src/lab/service.ts';
import type { IpFamily } from '../../../src/model/family.ts';
import { icmpPacket, udpPacket } from '../../support/lab/raw-packet.ts';
import { addressOf, EXTERNALS, type PodName, PODS, workloadOf } from './cluster.ts';
import type { Sent } from './stage.ts';

/** Why connections are refused, and what the record of each has to say. */
export interface Cause {
  readonly what: string;
  /** The namespace that sends: of a pod, a node, or a machine outside. */
  readonly from: string;
  readonly sent: Sent;
  /** Of the record: both ends, policies, rule, and what else tells. */
  readonly expected: Readonly<Record<string, unknown>> & { readonly protocol: string; readonly port: number };
}

const end = (name: PodName, family: IpFamily = 'ipv4'): object => ({
  kind: 'pod',
  namespace: PODS[name].namespace,
  name,
  workload: workloadOf(name),
  address: addressOf(name, family),
});

interface Row {
  /** Both ends: pods by their names. */
  readonly source?: object;
  readonly destination?: object;
  readonly policies: readonly string[];
  readonly rule: string;
  readonly [more: string]: unknown;
}

interface Way {
  readonly kind?: 'tcp' | 'udp';
  readonly family?: IpFamily;
  /** The address that it is sent to, where that is not the pod's. */
  readonly at?: string;
  readonly atPort?: number;
}

const isPod = (name: string): name is PodName => name in PODS;

const refused =
  (direction: 'ingress' | 'egress') =>
  (what: string, from: string, to: string, port: number, row: Row, way: Way = {}): Cause => {
    const { kind = 'tcp', family = 'ipv4', at, atPort } = way;
    return {
      what,
      from,
      sent: { kind, to: at ?? (isPod(to) ? addressOf(to, family) : to), port: atPort ?? port },
      expected: {
        direction,
        reason: 'policy',
        ...(isPod(from) ? { source: end(from, family) } : {}),
        ...(isPod(to) ? { destination: end(to, family) } : {}),
        protocol: kind.toUpperCase(),
        port,
        service: undefined,
        farLabels: undefined,
        sentAs: undefined,
        ...row,
      },
    };
  };

const ingress = refused('ingress');
const egress = refused('egress');

const WEB = ['shop/web'];
const SHY = ['shop/shy'];
const ONLY_CLIENTS = 'shop/web spec.ingress[0] would allow TCP 80, but only from pods role=client in namespace shop';
const ONLY_80 = 'shop/web spec.ingress[0] would allow this source, but only TCP 80';
const ONLY_SOME_PORTS = 'shop/web spec.ingress[2] would allow this source, but only TCP 7000-7010';
const ONLY_BLOCK = 'shop/web spec.ingress[3] would allow this source, but only UDP 514';
const TO_CLIENTS = 'shop/shy spec.egress[0] would allow TCP 80, but only to pods role=client in namespace shop';
const TO_80 = 'shop/shy spec.egress[0] would allow this destination, but only TCP 80';
const NEITHER_TO = 'shop/shy spec.egress[0] allows only to pods role=client in namespace shop, only TCP 80';
const NEITHER_FROM = 'shop/web spec.ingress[0] allows only from pods role=client in namespace shop, only TCP 80';

const six: Way = { family: 'ipv6' };
const udp: Way = { kind: 'udp' };

export const SERVICES: readonly ServiceSpec[] = (
  [
    ['web', 10, 8080, 80, 'TCP'],
    ['admin', 20, 80, 80, 'TCP'],
    ['dns', 53, 53, 53, 'UDP'],
    ['vault', 30, 80, 80, 'TCP'],
  ] as const
).map(([name, last, port, to, protocol]) => ({
  clusterIPs: [`10.96.0.${last}`, `fd00:96::${last.toString(16)}`],
  ports: [{ protocol, port, endpoints: [addressOf(name), addressOf(name, 'ipv6')].map((ip) => ({ ip, port: to })) }],
}));

/** Rules of node ports: of node1 without, of node2 with translation of the source, as kube-proxy does by default. */
export const NODE_PORT = 30_080;

export const CAUSES: readonly Cause[] = [
  ingress('pod label', 'admin', 'web', 80, { policies: WEB, rule: ONLY_CLIENTS, farLabels: 'role=admin' }),
  ingress('port', 'client', 'web', 81, { policies: WEB, rule: ONLY_80 }),
  ingress('protocol', 'client', 'web', 80, { policies: WEB, rule: ONLY_80 }, udp),
  ingress('port and peer', 'admin', 'web', 82, { policies: WEB, rule: NEITHER_FROM, farLabels: 'role=admin' }),
  ingress('namespace label', 'stranger', 'web', 9100, {
    policies: WEB,
    portName: 'metrics',
    rule: 'shop/web spec.ingress[1] would allow TCP 9100, but only from all pods in namespaces team=blue',
    farLabels: 'role=client, pod-template-hash=abc',
  }),
  ingress('pod label where one peer names both', 'stranger', 'web', 7005, {
    policies: WEB,
    rule: 'shop/web spec.ingress[2] would allow TCP 7005, but only from pods role=auditor in namespaces team=other',
    farLabels: 'role=client',
  }),
  ingress('namespace where one peer names both', 'admin', 'web', 7006, {
    policies: WEB,
    rule: 'shop/web spec.ingress[2] would allow TCP 7006, but only from pods role=auditor in namespaces team=other',
    farLabels: 'role=admin',
  }),
  ingress('end of a range of ports', 'auditor', 'web', 7011, {
    policies: WEB,
    rule: ONLY_SOME_PORTS,
  }),
  ingress(
    'exception of a block',
    'banned',
    'web',
    514,
    {
      source: { kind: 'internet', address: EXTERNALS.banned },
      policies: WEB,
      rule: 'shop/web spec.ingress[3] would allow UDP 514, but only from 192.0.2.0/24 except 192.0.2.128/25',
    },
    udp,
  ),
  ingress(
    'port of a block',
    'partner',
    'web',
    515,
    {
      source: { kind: 'internet', address: EXTERNALS.partner },
      policies: WEB,
      rule: ONLY_BLOCK,
    },
    udp,
  ),
  ingress('peer of a named port', 'admin', 'named', 9443, {
    policies: ['shop/named'],
    portName: 'admin',
    rule: 'shop/named spec.ingress[0] would allow TCP 9443, but only from pods role=client in namespace shop',
    farLabels: 'role=admin',
  }),
  ingress('another port than the named one', 'client', 'named', 9444, {
    policies: ['shop/named'],
    rule: 'shop/named spec.ingress[0] would allow this source, but only TCP port "admin"',
  }),
  ingress('a name that the pod does not declare, and two policies', 'client', 'plain', 9443, {
    policies: ['shop/plain', 'shop/plain-too'],
    rule: 'shop/plain spec.ingress[0] would allow this source, but only TCP port "admin", which the destination does not declare',
  }),
  ingress('deny-all of ingress', 'client', 'vault', 80, {
    policies: ['shop/vault'],
    rule: 'shop/vault has no ingress rules',
  }),
  egress('deny-all of egress', 'vault', 'client', 80, {
    policies: ['shop/vault'],
    rule: 'shop/vault has no egress rules',
  }),
  ingress('policy of another namespace', 'client', 'ledger', 80, {
    policies: ['other/ledger'],
    rule: 'other/ledger spec.ingress[0] would allow TCP 80, but only from all pods in namespace other',
    farLabels: 'role=client, pod-template-hash=abc',
  }),
  ingress('host network of another node', 'node2', 'web', 80, {
    source: { kind: 'node', name: 'node2', address: nodeAddress('ipv4', 2) },
    policies: WEB,
    rule: ONLY_CLIENTS,
  }),
  egress('egress: pod label', 'shy', 'admin', 80, { policies: SHY, rule: TO_CLIENTS, farLabels: 'role=admin' }),
  egress('egress: port', 'shy', 'client', 81, { policies: SHY, rule: TO_80 }),
  egress('egress: protocol', 'shy', 'client', 80, { policies: SHY, rule: TO_80 }, udp),
  egress('egress and ingress', 'shy', 'vault', 80, {
    policies: SHY,
    rule: TO_CLIENTS,
    farLabels: 'app=vault, pod-template-hash=abc',
  }),
  egress('egress: exception of a block', 'shy', '203.0.113.200', 443, {
    destination: { kind: 'internet', address: '203.0.113.200' },
    policies: SHY,
    rule: 'shop/shy spec.egress[1] would allow TCP 443, but only to 203.0.113.0/24 except 203.0.113.128/25',
  }),
  egress('egress: port of a block', 'shy', '203.0.113.9', 80, {
    destination: { kind: 'internet', address: '203.0.113.9' },
    policies: SHY,
    rule: 'shop/shy spec.egress[1] would allow this destination, but only TCP 443',
  }),
  egress('egress: metadata', 'shy', '169.254.169.254', 80, {
    destination: { kind: 'metadata', address: '169.254.169.254' },
    policies: SHY,
    rule: TO_CLIENTS,
  }),
  egress('egress: a node', 'shy', nodeAddress('ipv4', 2), 22, {
    destination: { kind: 'node', name: 'node2' },
    policies: SHY,
    rule: NEITHER_TO,
  }),
  egress('egress: port of a Job’s pod', 'job', 'admin', 5433, {
    policies: ['shop/job'],
    rule: 'shop/job spec.egress[0] would allow this destination, but only TCP 5432',
  }),
  egress(
    'egress: DNS by the Service',
    'shy',
    'dns',
    53,
    {
      destination: { ...end('dns'), isDns: true },
      service: '10.96.0.53:53',
      policies: SHY,
      rule: NEITHER_TO,
      farLabels: 'k8s-app=kube-dns, pod-template-hash=abc',
    },
    { ...udp, at: '10.96.0.53' },
  ),
  egress(
    'egress: ClusterIP',
    'shy',
    'admin',
    80,
    { service: '10.96.0.20:80', policies: SHY, rule: TO_CLIENTS, farLabels: 'role=admin' },
    { at: '10.96.0.20' },
  ),
  ingress(
    'ClusterIP with another port',
    'open',
    'web',
    80,
    { service: '10.96.0.10:8080', policies: WEB, rule: ONLY_CLIENTS, farLabels: 'app=open, pod-template-hash=abc' },
    { at: '10.96.0.10', atPort: 8080 },
  ),
  ingress(
    'ClusterIP of IPv6',
    'open',
    'web',
    80,
    { service: '[fd00:96::a]:8080', policies: WEB, rule: ONLY_CLIENTS, farLabels: 'app=open, pod-template-hash=abc' },
    { ...six, at: 'fd00:96::a', atPort: 8080 },
  ),
  ingress(
    'ClusterIP that another node translated',
    'auditor',
    'web',
    80,
    { policies: WEB, rule: ONLY_SOME_PORTS },
    { at: '10.96.0.10', atPort: 8080 },
  ),
  ingress(
    'node port',
    'partner',
    'web',
    80,
    {
      source: { kind: 'internet', address: EXTERNALS.partner },
      service: `${nodeAddress('ipv4', 1)}:${NODE_PORT}`,
      policies: WEB,
      rule: ONLY_BLOCK,
    },
    { at: nodeAddress('ipv4', 1), atPort: NODE_PORT },
  ),
  ingress(
    'node port of another node, which translates the source',
    'banned',
    'web',
    80,
    { source: { kind: 'node', name: 'node2' }, policies: WEB, rule: ONLY_CLIENTS },
    { at: nodeAddress('ipv4', 2), atPort: NODE_PORT },
  ),
  ingress('IPv6: pod label', 'admin', 'web', 80, { policies: WEB, rule: ONLY_CLIENTS, farLabels: 'role=admin' }, six),
  ingress('IPv6: port', 'client', 'web', 81, { policies: WEB, rule: ONLY_80 }, six),
  egress('IPv6: egress', 'shy', 'client', 81, { policies: SHY, rule: TO_80 }, six),
  {
    what: 'ICMP',
    from: 'client',
    sent: {
      kind: 'packet',
      to: addressOf('vault'),
      bytes: icmpPacket({ from: addressOf('client'), to: addressOf('vault') }, 8, 0, Buffer.from([0, 1, 0, 1])),
    },
    expected: {
      direction: 'ingress',
      source: end('client'),
      destination: end('vault'),
      protocol: 'ICMP',
      port: 0,
      policies: ['shop/vault'],
      rule: 'shop/vault has no ingress rules',
    },
  },
  ...(['ipv4', 'ipv6'] as const).map((family): Cause => {
    const ends = { from: addressOf('web', family), to: addressOf('client', family) };
    return {
      what: `spoofed source, ${family}`,
      from: 'open',
      sent: { kind: 'packet', to: ends.to, bytes: udpPacket(ends, [5, 4242], Buffer.from('hello')) },
      expected: {
        direction: undefined,
        reason: 'spoofed source',
        source: end('open', family),
        sentAs: end('web', family),
        destination: end('client', family),
        protocol: 'UDP',
        port: 4242,
        policies: [],
        detail: 'the node does not route the source address to where the packet came from',
      },
    };
  }),
];

/** After the pods have gone. */
export const LATER_CAUSES: readonly Cause[] = [
  ingress('a pod that vanished', 'gone', 'web', 83, {
    source: { kind: 'former', pod: 'shop/gone', address: addressOf('gone') },
    policies: WEB,
    rule: NEITHER_FROM,
  }),
  ingress('a reused address', 'early', 'web', 80, {
    source: { ...end('early'), name: 'late', workload: 'Deployment/late' },
    policies: WEB,
    rule: ONLY_CLIENTS,
    farLabels: 'role=temp',
  }),
];
