import type { IpFamily } from '../../../src/model/family.ts';
import { addressOf, NODES, type Pod, POD_NAMES, PODS, uidOf } from './cast.ts';

/** The manifest of a running pod, as the API returns it. */
export const podManifest = (pod: Pod, families: readonly IpFamily[], labels: Readonly<Record<string, string>> = {}) => {
  const { node, namespace, role } = PODS[pod];
  const ips = families.map((family) => ({ ip: addressOf(pod, family) }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, namespace, uid: uidOf(pod), labels: { role, ...labels } },
    spec: {
      nodeName: `node${node}`,
      containers: [
        {
          name: 'c',
          image: 'c',
          ports: [
            { name: 'http', containerPort: 80 },
            { name: 'dns', containerPort: 53, protocol: 'UDP' },
          ],
        },
      ],
    },
    status: {
      phase: 'Running',
      hostIP: addressOf(`node${node}`, families[0] ?? 'ipv4'),
      podIP: ips[0]?.ip,
      podIPs: ips,
    },
  };
};

const namespace = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
});

const node = (name: string, families: readonly IpFamily[]) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: {
    podCIDRs: families.map((family) =>
      family === 'ipv4' ? `10.244.${name.slice(4)}.0/24` : `fd00:10:244:${name.slice(4)}::/64`,
    ),
  },
});

/** A NetworkPolicy of namespace shop. */
export const policyManifest = (name: string, role: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'shop' },
  spec: { podSelector: { matchLabels: { role } }, ...spec },
});

const CLIENTS = { podSelector: { matchLabels: { role: 'client' } } };

/** The policies of web, caged and closed. */
const POLICIES = [
  policyManifest('web', 'web', {
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [CLIENTS],
        ports: [
          { port: 80, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    ],
  }),
  policyManifest('closed', 'closed', { policyTypes: ['Ingress', 'Egress'] }),
  policyManifest('caged', 'caged', {
    policyTypes: ['Egress'],
    egress: [{ to: [CLIENTS], ports: [{ port: 80, protocol: 'TCP' }] }],
  }),
];

/** Returns the files of the cluster: name and content. */
export const clusterManifests = (families: readonly IpFamily[]): ReadonlyMap<string, object> =>
  new Map<string, object>([
    ...['shop', 'other'].map((name) => [`namespace-${name}`, namespace(name)] as const),
    ...NODES.map((name) => [`node-${name}`, node(name, families)] as const),
    ...POD_NAMES.map((pod) => [`pod-${pod}`, podManifest(pod, families)] as const),
    ...POLICIES.map((policy) => [`policy-${policy.metadata.name}`, policy] as const),
  ]);

/**
 * An object whose version shows which state of the folder an agent has read. No policy selects it; its label changes with
 * the version, since agents ignore objects in which nothing but the version changed.
 */
export const versionManifest = (version: number) => {
  const { metadata, ...rest } = namespace('version');
  const labels = { ...metadata.labels, version: String(version) };
  return { ...rest, metadata: { ...metadata, labels, resourceVersion: String(version) } };
};
