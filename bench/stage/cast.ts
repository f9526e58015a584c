import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import { LOCAL_RANGE } from '../state/addresses.ts';
import { OWN_NODE } from '../state/cluster.ts';
import { benchPod, runningStatus } from '../state/pod.ts';
import { type BenchPolicy, policyOf } from '../state/policies.ts';

/** A pod that takes part in traffic. */
export interface Role {
  /** The name of its network namespace. */
  readonly netns: string;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  readonly role: string;
}

export const NODE_ADDRESS = nodeAddress('ipv4', 1);
export const SERVED_PORT = 7000;

const NAMESPACE = 'bench';
const OTHER_NODE = 'other-node';
const OTHER_NODE_ADDRESS = nodeAddress('ipv4', 2);

const role = (name: string, node: string, ip: string, label: string): Role => ({
  netns: `bench-${name}`,
  namespace: NAMESPACE,
  name,
  node,
  ip,
  role: label,
});

/**
 * A server on our node that admits friends, a client on another node that is a foe, a friend's address whose pod the API does
 * not know yet, and another server, which comes and goes.
 */
export const CAST = {
  server: role('server', OWN_NODE, '10.244.3.200', 'server'),
  client: role('client', OTHER_NODE, '10.250.0.10', 'foe'),
  newcomer: role('newcomer', OTHER_NODE, '10.250.0.11', 'friend'),
  arrival: role('arrival', OWN_NODE, '10.244.3.201', 'server'),
} as const;

/** The address of the server that comes and goes while it is away: no route leads to its range. */
export const ARRIVAL_WAITS_AT = '10.244.3.210';

const from = (...roles: readonly string[]): object => ({
  podSelector: { matchLabels: { role: 'server' } },
  policyTypes: ['Ingress'],
  ingress: [{ from: roles.map((label) => ({ podSelector: { matchLabels: { role: label } } })) }],
});

/** The policy at rest: friends only. */
export const FRIENDS_ONLY: BenchPolicy = policyOf(NAMESPACE, 'friends-only', from('friend'));

/** The same policy, widened. */
export const FRIENDS_AND_FOES: BenchPolicy = policyOf(NAMESPACE, 'friends-only', from('friend', 'foe'));

export const podOf = ({ namespace, name, node, role: label }: Role): ObjectRef =>
  benchPod({ namespace, name, node, labels: { role: label } });

export const statusOf = ({ ip, node }: Role): object =>
  runningStatus(ip, node === OWN_NODE ? NODE_ADDRESS : OTHER_NODE_ADDRESS);

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: OWN_NODE },
  spec: { podCIDR: LOCAL_RANGE, podCIDRs: [LOCAL_RANGE] },
};

/** Returns the objects at rest. */
export const castObjects = (): readonly { readonly object: ObjectRef; readonly status?: object }[] => [
  { object: NODE },
  { object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } } },
  { object: podOf(CAST.server), status: statusOf(CAST.server) },
  { object: podOf(CAST.client), status: statusOf(CAST.client) },
  { object: FRIENDS_ONLY },
];
