import type { IpFamily } from '../model/family.ts';
import { familyOfCidr, LINK_LOCAL_ROUTER, linkLocal, macFor, ofFamily } from './addresses.ts';
import { inNetns, type IpBatch } from './batch.ts';
import { FABRIC_ADDRESS, FABRIC_BRIDGE, fabricCidr, ROUTER_SYSCTLS } from './fabric.ts';
import type { LabSettings } from './settings.ts';

/** The bridge that a node's pods share if they are attached by one. */
export const POD_BRIDGE = 'cni0';

const UPLINK = 'eth0';

export interface NodeSpec {
  /** The name of the node and of its network namespace. */
  readonly name: string;
  /** Its addresses on the fabric, one per family (see `nodeAddress`). */
  readonly ips: readonly string[];
  /** The ranges of its pods' addresses; other nodes route them here. */
  readonly podCidrs: readonly string[];
}

export const nodeIp = (node: NodeSpec, family: IpFamily): string | undefined => ofFamily(family, node.ips)[0];

/**
 * Returns the prefix of commands that work on a node: its network namespace, and its own xtables lock, which nodes of a real
 * cluster do not share either.
 */
export const onNode = (name: string): readonly [file: string, ...args: string[]] => [
  ...inNetns(name),
  'env',
  `XTABLES_LOCKFILE=/run/xtables-${name}.lock`,
];

const rangesOf = (family: IpFamily, node: NodeSpec): readonly string[] =>
  node.podCidrs.filter((cidr) => familyOfCidr(cidr) === family);

const uplinkLines = (node: NodeSpec, index: number, families: readonly IpFamily[]): readonly string[] => [
  'link set lo up',
  `link set ${UPLINK} addrgenmode none`,
  `link set ${UPLINK} up`,
  ...families
    .flatMap((family) => ofFamily(family, node.ips))
    .map((ip) => `address add ${fabricCidr(ip)} dev ${UPLINK}${ip.includes(':') ? ' nodad' : ''}`),
  ...(families.includes('ipv6') ? [`address add ${linkLocal(index)}/64 dev ${UPLINK} nodad`] : []),
  ...families.map((family) => `route add default via ${FABRIC_ADDRESS[family]} dev ${UPLINK}`),
];

const bridgeLines = (families: readonly IpFamily[]): readonly string[] => [
  `link add ${POD_BRIDGE} type bridge`,
  `link set ${POD_BRIDGE} addrgenmode none`,
  `link set ${POD_BRIDGE} up`,
  ...(families.includes('ipv6') ? [`address add ${LINK_LOCAL_ROUTER}/64 dev ${POD_BRIDGE} nodad`] : []),
];

/** Returns lines for the node's own ranges: they are on its bridge, or unreachable except for the pods' host routes. */
const ownRangeLines = (node: NodeSpec, settings: LabSettings): readonly string[] =>
  settings.families
    .flatMap((family) => rangesOf(family, node))
    .map((cidr) =>
      settings.attach === 'bridge' ? `route add ${cidr} dev ${POD_BRIDGE}` : `route add unreachable ${cidr}`,
    );

const BRIDGE_SYSCTLS = { 'net.bridge.bridge-nf-call-iptables': 1, 'net.bridge.bridge-nf-call-ip6tables': 1 } as const;

/** Returns the fabric's end of a node's uplink. */
export const uplinkPeer = (index: number): string => `node${String(index)}`;

/** Creates the node's namespace and connects it to the fabric. `index` identifies its link within the lab. */
export const createNode = async (ip: IpBatch, settings: LabSettings, node: NodeSpec, index: number): Promise<void> => {
  const peer = uplinkPeer(index);
  const [first] = node.ips;
  // A node that comes back keeps the MAC that its neighbours remember.
  const address = first === undefined ? '' : `address ${macFor(first)} `;
  await ip.run([`netns add ${node.name}`]);
  await ip.sysctl(ROUTER_SYSCTLS, 'lenient', node.name);
  await ip.run([
    `link add ${peer} type veth peer name ${UPLINK} ${address}netns ${node.name}`,
    `link set ${peer} addrgenmode none master ${FABRIC_BRIDGE} up`,
  ]);
  await ip.run(
    [
      ...uplinkLines(node, index, settings.families),
      ...(settings.attach === 'bridge' ? bridgeLines(settings.families) : []),
      ...ownRangeLines(node, settings),
    ],
    node.name,
  );
  if (settings.attach !== 'bridge') return;
  await ip.sysctl(BRIDGE_SYSCTLS, 'strict', node.name).catch((cause: unknown) => {
    throw new Error('lab: pods on a bridge need the kernel module br_netfilter (modprobe br_netfilter)', { cause });
  });
};

/** Returns batch lines that route `cidrs` to `node`, for the fabric and every other node. */
export const routesTo = (
  node: NodeSpec,
  cidrs: readonly string[],
  families: readonly IpFamily[],
  verb: 'replace' | 'delete' = 'replace',
): readonly string[] =>
  families.flatMap((family) => {
    const via = nodeIp(node, family);
    if (via === undefined) return [];
    return cidrs.filter((cidr) => familyOfCidr(cidr) === family).map((cidr) => `route ${verb} ${cidr} via ${via}`);
  });
