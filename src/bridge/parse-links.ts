import type { NodeBridges, PodBridge } from '../model/bridge-port.ts';
import type { IpFamily } from '../model/family.ts';
import { byText } from '../policy/text-order.ts';

/** An interface of the node. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFLA_INFO_KIND: `bridge`, `veth` …; undefined for a device of a machine. */
  readonly kind: string | undefined;
  /** The index of the bridge that it is a port of, or of another interface above it. */
  readonly master: number | undefined;
  readonly mac: string | undefined;
  /** Of a bridge: it shows packets of the family to iptables, whatever the node's other bridges do. */
  readonly shows: Readonly<Record<IpFamily, boolean>>;
}

const given = (word: string | undefined): string | undefined => (word === '-' ? undefined : word);

/** Reads the lines of LinkWatch.list: index, name, kind, master, MAC and two switches. */
export const parseLinks = (text: string): readonly Link[] =>
  text
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => words.length === 7)
    .map(([index = '', name = '', kind, master, mac, ipv4, ipv6]) => ({
      index: Number(index),
      name,
      kind: given(kind),
      master: given(master) === undefined ? undefined : Number(master),
      mac: given(mac),
      shows: { ipv4: ipv4 === '1', ipv6: ipv6 === '1' },
    }));

/** Interfaces of these kinds lead into another network namespace or to a virtual machine; others lead to other machines. */
const POD_LIKE: readonly string[] = ['veth', 'tun'];

/** What leads to pods, by other tellings than the interfaces'. */
export interface BridgeHints {
  /** Interfaces that results of the network plugin name, and devices that routes to pods lead to. */
  readonly names: ReadonlySet<string>;
  /** Blocks by the device that they are routed to without a gateway, canonical. */
  readonly subnets: ReadonlyMap<string, readonly string[]>;
  readonly nodeAddresses: readonly string[];
}

/** The bridges that are hinted at, with their ports, and the ports of all others. */
export const nodeBridges = (links: readonly Link[], { names, subnets, nodeAddresses }: BridgeHints): NodeBridges => {
  const ports = Map.groupBy(links, ({ master }) => master);
  const all = links.filter(({ kind }) => kind === 'bridge').sort((a, b) => byText(a.name, b.name));
  const ofPods = all.filter(({ name }) => names.has(name));
  const others = all.filter(({ name }) => !names.has(name));
  const portsOf = (bridge: Link): readonly Link[] => ports.get(bridge.index) ?? [];
  return {
    bridges: ofPods.map(
      (bridge): PodBridge => ({
        name: bridge.name,
        index: bridge.index,
        mac: bridge.mac ?? '',
        ports: portsOf(bridge).map(({ name, index, kind = '' }) => ({
          name,
          index,
          kind: POD_LIKE.includes(kind) ? 'pod-like' : 'uplink',
        })),
        subnets: subnets.get(bridge.name) ?? [],
      }),
    ),
    otherPorts: others
      .flatMap(portsOf)
      .map(({ name }) => name)
      .sort(),
    nodeAddresses: [...nodeAddresses].sort(),
  };
};
