import type { IpFamily } from '../../../src/model/family.ts';
import { nodeAddress } from '../../../src/lab/fabric.ts';

/**
 * The machines that take part. On node 1: `stranger` is in another namespace, `web` accepts clients on 80/TCP and
 * 53/UDP only,
 * no policy isolates `client`, `caged` may send to clients on 80/TCP only, `closed` may neither receive nor send anything.
 * Node 2 has the same again. `outside` is a machine on the nodes' network that is not a node.
 */
export const PODS = {
  stranger: { node: 1, host: 0x10, namespace: 'other', role: 'stranger' },
  web: { node: 1, host: 0x20, namespace: 'shop', role: 'web' },
  client: { node: 1, host: 0x30, namespace: 'shop', role: 'client' },
  caged: { node: 1, host: 0x40, namespace: 'shop', role: 'caged' },
  closed: { node: 1, host: 0x50, namespace: 'shop', role: 'closed' },
  stranger2: { node: 2, host: 0x10, namespace: 'other', role: 'stranger' },
  web2: { node: 2, host: 0x20, namespace: 'shop', role: 'web' },
  client2: { node: 2, host: 0x30, namespace: 'shop', role: 'client' },
} as const;

export type Pod = keyof typeof PODS;
export type Node = 'node1' | 'node2';
export type Machine = Pod | Node | 'outside';

export const POD_NAMES = Object.keys(PODS) as readonly Pod[];
export const NODES: readonly Node[] = ['node1', 'node2'];
export const MACHINES: readonly Machine[] = [...POD_NAMES, ...NODES, 'outside'];

export const isPod = (machine: Machine): machine is Pod => machine in PODS;

/** The node of a pod, or the node itself. `outside` has none. */
export const nodeOf = (machine: Machine): Node | undefined => {
  if (machine === 'outside') return undefined;
  return isPod(machine) ? (`node${PODS[machine].node}` as Node) : machine;
};

/** The address that no machine has, in node 1's range and outside of all. */
export const NOBODY: Readonly<Record<IpFamily, string>> = { ipv4: '10.244.1.199', ipv6: 'fd00:10:244:1::199' };
export const FAR_NOBODY: Readonly<Record<IpFamily, string>> = { ipv4: '198.51.100.7', ipv6: '2001:db8::7' };

const OUTSIDE: Readonly<Record<IpFamily, string>> = { ipv4: '172.18.0.100', ipv6: 'fd00:172:18::100' };

/** Returns the address of a machine. */
export const addressOf = (machine: Machine, family: IpFamily): string => {
  if (machine === 'outside') return OUTSIDE[family];
  if (!isPod(machine)) return nodeAddress(family, machine === 'node1' ? 1 : 2);
  const { node, host } = PODS[machine];
  return family === 'ipv4' ? `10.244.${node}.${host}` : `fd00:10:244:${node}::${host.toString(16)}`;
};

/** The address of a node on the side of its pods. */
export const gatewayAddress = (node: 1 | 2, family: IpFamily): string =>
  family === 'ipv4' ? `10.244.${node}.1` : `fd00:10:244:${node}::1`;

/** Returns the name of the node's end of a pod's link. */
export const deviceOf = (pod: Pod): string => `veth1a2b0${PODS[pod].node}${PODS[pod].host.toString(16)}`;

/** Returns the UID of a pod. */
export const uidOf = (pod: Pod): string => `uid-${pod}`;

/** The name of the interface at the other end of a pod's link, and its machine. */
export const farEnd = (machine: Machine): { readonly station: Machine; readonly device: string } =>
  isPod(machine)
    ? { station: machine.endsWith('2') ? 'node2' : 'node1', device: deviceOf(machine) }
    : { station: 'node1', device: 'eth0' };
