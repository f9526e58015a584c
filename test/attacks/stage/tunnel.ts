import type { IpBatch } from '../../../src/lab/batch.ts';
import type { IpFamily } from '../../../src/model/family.ts';
import type { Station } from '../station/station.ts';
import { addressOf, type Node, NODES } from './cast.ts';

/** A tunnel between nodes. */
export interface Tunnel {
  readonly device: string;
  readonly port: number;
  readonly network: number;
  readonly mac: Readonly<Record<Node, string>>;
}

/** VXLAN as flannel uses it, on the port that Linux used before the standard, and as Calico uses it, on the standard port. */
export const TUNNELS_OF_NODES = {
  flannel: {
    device: 'flannel.1',
    port: 8472,
    network: 1,
    mac: { node1: '02:f1:00:00:00:01', node2: '02:f1:00:00:00:02' },
  },
  calico: {
    device: 'vxlan.calico',
    port: 4789,
    network: 4096,
    mac: { node1: '02:f2:00:00:00:01', node2: '02:f2:00:00:00:02' },
  },
} as const satisfies Readonly<Record<string, Tunnel>>;

/** Ports on which programs of a node receive. */
const UDP_PORTS = [7001, 7002];

const tunnelLines = (node: Node, family: IpFamily): readonly string[] =>
  Object.values(TUNNELS_OF_NODES).flatMap(({ device, port, network, mac }) => [
    `link add ${device} address ${mac[node]} type vxlan id ${network} local ${addressOf(node, family)} dev eth0 dstport ${port} nolearning`,
    `link set ${device} addrgenmode none`,
    `link set ${device} up`,
  ]);

/** Gives each node tunnel devices that accept packets of any sender. */
export const addTunnels = async (ip: IpBatch, families: readonly IpFamily[]): Promise<void> => {
  await Promise.all(NODES.map((node) => ip.run(tunnelLines(node, families[0] ?? 'ipv4'), node)));
};

/** Has programs of a node receive on its ports. */
export const listenOnNode = (station: Station): void => {
  for (const port of UDP_PORTS) station.listen('udp', port);
};
