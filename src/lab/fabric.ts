import type { IpFamily } from '../model/family.ts';
import { familyOf, LINK_LOCAL_ROUTER } from './addresses.ts';
import type { IpBatch } from './batch.ts';

/** The bridge in the sandbox's own namespace that connects all nodes. */
export const FABRIC_BRIDGE = 'fabric0';

/** The fabric's addresses in the sandbox's own namespace: every node's default gateway, and where an API server listens. */
export const FABRIC_ADDRESS: Readonly<Record<IpFamily, string>> = { ipv4: '172.18.0.1', ipv6: 'fd00:172:18::1' };

const FABRIC_PREFIX: Readonly<Record<IpFamily, number>> = { ipv4: 24, ipv6: 64 };

/** Returns the fabric address of the `index`th node (from 1 to 253). */
export const nodeAddress = (family: IpFamily, index: number): string =>
  family === 'ipv4' ? `172.18.0.${String(index + 1)}` : `fd00:172:18::${(index + 1).toString(16)}`;

export const fabricCidr = (address: string): string => `${address}/${String(FABRIC_PREFIX[familyOf(address)])}`;

/** Sysctls of a router, whatever defaults it inherited from the host. */
export const ROUTER_SYSCTLS = {
  'net.ipv4.ip_forward': 1,
  'net.ipv4.conf.all.rp_filter': 0,
  'net.ipv4.conf.default.rp_filter': 0,
  'net.ipv4.conf.all.send_redirects': 0,
  'net.ipv4.conf.default.send_redirects': 0,
  'net.ipv6.conf.all.disable_ipv6': 0,
  'net.ipv6.conf.default.disable_ipv6': 0,
  'net.ipv6.conf.all.forwarding': 1,
  'net.ipv6.conf.default.accept_dad': 0,
} as const;

/** Makes the sandbox's own namespace the router between nodes, externals and servers in it. */
export const createFabric = async (ip: IpBatch, families: readonly IpFamily[]): Promise<void> => {
  await ip.sysctl(ROUTER_SYSCTLS, 'lenient');
  await ip.run([
    `link add ${FABRIC_BRIDGE} type bridge`,
    `link set ${FABRIC_BRIDGE} addrgenmode none`,
    ...families.map(
      (family) =>
        `address add ${fabricCidr(FABRIC_ADDRESS[family])} dev ${FABRIC_BRIDGE}${family === 'ipv6' ? ' nodad' : ''}`,
    ),
    `link set ${FABRIC_BRIDGE} up`,
    ...(families.includes('ipv6') ? [`address add ${LINK_LOCAL_ROUTER}/64 dev ${FABRIC_BRIDGE} nodad`] : []),
  ]);
  // The fabric does not filter bridged frames between nodes; each node filters for itself.
  await ip.sysctl({ 'net.bridge.bridge-nf-call-iptables': 0, 'net.bridge.bridge-nf-call-ip6tables': 0 }, 'lenient');
};

export const removeFabric = (ip: IpBatch): Promise<void> => ip.run([`link delete ${FABRIC_BRIDGE}`]);
