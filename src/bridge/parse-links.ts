import type { NodeBridges, PodBridge } from '../model/bridge-port.ts';
import type { IpFamily } from '../model/family.ts';
import { byText } from '../policy/text-order.ts';

/** An interface of the node. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFLA_INFO_KIND: `bridge`, `veth` and so on; undefined for a physical device. */
  readonly kind: string | undefined;
  /** The index of its bridge, or of another interface above it. */
  readonly master: number | undefined;
  readonly mac: string | undefined;
  /** Whether a bridge shows packets of the family to iptables, independent of the node's other bridges. */
  readonly shows: Readonly<Record<IpFamily, boolean>>;
}

const given = (word: string | undefined): string | undefined => (word === '-' ? undefined : word);

/** Parses the lines of LinkWatch.list: index, name, kind, master, MAC and two switches. */
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

/** Kinds of interfaces that lead into another network namespace or to a virtual machine; others lead to other machines. */
const POD_LIKE: readonly string[] = ['veth', 'tun'];

/** Hints at interfaces that lead to pods, from other sources than the interfaces themselves. */
export interface BridgeHints {
  /** Interfaces in results of the network plugin, and devices of routes to pods. */
  readonly names: ReadonlySet<string>;
  /** Canonical blocks that are routed to a device without a gateway, by device. */
  readonly subnets: ReadonlyMap<string, readonly string[]>;
  readonly nodeAddresses: readonly string[];
}

/** Returns the bridges that the hints name, with their ports, and the ports of all other bridges. */
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
