import { nodeAddress } from '../../../src/lab/fabric.ts';
import { IP_FAMILIES, type IpFamily } from '../../../src/model/family.ts';

/** The cluster whose connections are refused: its pods, as objects of the API and as addresses of the lab. */

type Labels = Readonly<Record<string, string>>;

export interface CausePod {
  readonly namespace: string;
  readonly node: 'node1' | 'node2';
  /** The last part of its addresses. */
  readonly last: number;
  readonly labels: Labels;
  /** Kind and name of what made it; absent for a Deployment of its name. */
  readonly owner?: readonly [kind: string, name: string];
  readonly ports?: readonly (readonly [name: string, port: number])[];
}

const pod = (
  node: CausePod['node'],
  last: number,
  labels: Labels,
  more: Partial<Pick<CausePod, 'namespace' | 'owner' | 'ports'>> = {},
): CausePod => ({ namespace: 'shop', node, last, labels, ...more });

/** The agent is on node1. */
export const PODS = {
  web: pod('node1', 5, { app: 'web' }, { ports: [['metrics', 9100]] }),
  named: pod('node1', 6, { app: 'named' }, { ports: [['admin', 9443]] }),
  plain: pod('node1', 7, { app: 'plain' }),
  vault: pod('node1', 8, { app: 'vault' }),
  shy: pod('node1', 9, { app: 'shy' }),
  ledger: pod('node1', 10, { app: 'ledger' }, { namespace: 'other' }),
  job: pod('node1', 11, { app: 'job' }, { owner: ['Job', 'import'] }),
  open: pod('node1', 12, { app: 'open' }),
  client: pod('node2', 5, { role: 'client' }),
  admin: pod('node2', 6, { role: 'admin' }),
  stranger: pod('node2', 7, { role: 'client' }, { namespace: 'other' }),
  gone: pod('node2', 8, { role: 'temp' }),
  auditor: pod('node2', 9, { role: 'auditor' }, { namespace: 'other' }),
  early: pod('node2', 10, { role: 'temp' }),
  dns: pod('node2', 11, { 'k8s-app': 'kube-dns' }, { namespace: 'kube-system' }),
} as const satisfies Readonly<Record<string, CausePod>>;

export type PodName = keyof typeof PODS;
export const POD_NAMES = Object.keys(PODS) as readonly PodName[];

/** Machines outside of the cluster. */
export const EXTERNALS = { partner: '192.0.2.10', banned: '192.0.2.200' } as const;

export const addressOf = (name: PodName, family: IpFamily = 'ipv4'): string => {
  const { node, last } = PODS[name];
  return family === 'ipv4' ? `10.244.${node.slice(-1)}.${last}` : `fd00:10:244:${node.slice(-1)}::${last.toString(16)}`;
};

export const workloadOf = (name: PodName): string => (PODS[name].owner ?? ['Deployment', name]).join('/');

/** @param as the name of the object, where another pod has the addresses */
export const podManifest = (name: PodName, families: readonly IpFamily[] = IP_FAMILIES, as: string = name): string => {
  const { namespace, node, labels, owner, ports = [] }: CausePod = PODS[name];
  const [kind, ownerName] = owner ?? ['ReplicaSet', `${as}-abc`];
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: as,
      namespace,
      labels: { ...labels, 'pod-template-hash': 'abc' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name: ownerName, uid: as, controller: true }],
    },
    spec: {
      nodeName: node,
      containers: [{ name: 'c', ports: ports.map(([portName, port]) => ({ name: portName, containerPort: port })) }],
    },
    status: {
      phase: 'Running',
      podIPs: families.map((family) => ({ ip: addressOf(name, family) })),
      hostIPs: families.map((family) => ({ ip: nodeAddress(family, Number(node.slice(-1))) })),
    },
  });
};

export const NAMESPACES: Readonly<Record<string, Labels>> = {
  shop: { team: 'red' },
  other: { team: 'other' },
  'kube-system': {},
};

export const namespaceManifest = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...NAMESPACES[name] } },
  });

const role = (value: string): object => ({ podSelector: { matchLabels: { role: value } } });
const of = (app: string): object => ({ matchLabels: { app } });
const tcp = (port: number | string, more: object = {}): object => ({ protocol: 'TCP', port, ...more });
const block = (cidr: string, except: string): object => ({ ipBlock: { cidr, except: [except] } });

/** By `namespace/name`. */
export const POLICIES: Readonly<Record<string, object>> = {
  'shop/web': {
    podSelector: of('web'),
    policyTypes: ['Ingress'],
    ingress: [
      { from: [role('client')], ports: [tcp(80)] },
      { from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }], ports: [tcp('metrics')] },
      {
        from: [{ namespaceSelector: { matchLabels: { team: 'other' } }, ...role('auditor') }],
        ports: [tcp(7000, { endPort: 7010 })],
      },
      { from: [block('192.0.2.0/24', '192.0.2.128/25')], ports: [{ protocol: 'UDP', port: 514 }] },
    ],
  },
  'shop/named': {
    podSelector: of('named'),
    policyTypes: ['Ingress'],
    ingress: [{ from: [role('client')], ports: [tcp('admin')] }],
  },
  'shop/plain': {
    podSelector: of('plain'),
    policyTypes: ['Ingress'],
    ingress: [{ from: [role('client')], ports: [tcp('admin')] }],
  },
  'shop/plain-too': { podSelector: of('plain'), policyTypes: ['Ingress'] },
  'shop/vault': { podSelector: of('vault'), policyTypes: ['Ingress', 'Egress'] },
  'shop/shy': {
    podSelector: of('shy'),
    policyTypes: ['Egress'],
    egress: [
      { to: [role('client')], ports: [tcp(80)] },
      { to: [block('203.0.113.0/24', '203.0.113.128/25')], ports: [tcp(443)] },
    ],
  },
  'shop/job': {
    podSelector: of('job'),
    policyTypes: ['Egress'],
    egress: [{ to: [role('admin')], ports: [tcp(5432)] }],
  },
  'other/ledger': { podSelector: of('ledger'), policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] },
};

export const policyManifest = (key: string): string => {
  const [namespace, name] = key.split('/');
  return JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: POLICIES[key],
  });
};
