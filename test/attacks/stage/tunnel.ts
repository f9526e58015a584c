import type { IpBatch } from '../../../src/lab/batch.ts';
import type { IpFamily } from '../../../src/model/family.ts';
import type { Station } from '../station/station.ts';
import { addressOf, type Node, NODES } from './cast.ts';

/** flannel's tunnel between nodes: VXLAN on the port that Linux had before there was a standard. */
export const TUNNEL = {
  port: 8472,
  network: 1,
  mac: { node1: '02:f1:00:00:00:01', node2: '02:f1:00:00:00:02' } satisfies Record<Node, string>,
} as const;

/** Ports at which programs of a node receive: two of its own, and those at which other tunnels would. */
const UDP_PORTS = [7001, 7002, 4789, 6081, 51820];
/** Protocols that a node's tunnels take: IP in IP, IPv6 in IP, GRE. */
const PROTOCOLS = [4, 41, 47];

/** Gives each node flannel's device. Its packets go to the node whatever the pods' addresses are. */
export const addTunnels = async (ip: IpBatch, families: readonly IpFamily[]): Promise<void> => {
  await Promise.all(
    NODES.map((node) =>
      ip.run(
        [
          `link add flannel.1 address ${TUNNEL.mac[node]} type vxlan id ${TUNNEL.network} local ${addressOf(node, families[0] ?? 'ipv4')} dev eth0 dstport ${TUNNEL.port} nolearning`,
          'link set flannel.1 addrgenmode none',
          'link set flannel.1 up',
        ],
        node,
      ),
    ),
  );
};

/** Has a node's programs receive what tunnels would. */
export const listenForTunnels = (station: Station): void => {
  for (const port of UDP_PORTS) station.listen('udp', port);
  for (const protocol of PROTOCOLS) station.listen('raw', protocol);
};
