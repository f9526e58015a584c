import type { IpFamily } from '../model/family.ts';
import type { NodeLinks, Tunnel } from '../model/node-links.ts';
import type { NodeNetwork } from '../model/node-network.ts';
import { familyOf } from '../policy/cidr.ts';

/** Canonical addresses of nodes, from pods (`status.hostIPs`). */
export interface NodeAddresses {
  readonly own: ReadonlySet<string>;
  readonly others: ReadonlySet<string>;
}

/** The network of a node by its interfaces, and the tunnels that accept packets from senders other than nodes. */
export interface FoundNetwork {
  readonly network: NodeNetwork;
  /** `DEVICE: reason`, sorted. */
  readonly open: readonly string[];
}

/** Returns the tunnel's outer family. Without a local address an interface listens on IPv4 (ip-link(8)). */
const underlayOf = ({ local }: Tunnel): IpFamily => (local === undefined ? 'ipv4' : familyOf(local));

/**
 * Returns why the end of the tunnel cannot be closed to all but known nodes. Closing it would cut off unknown nodes, so the
 * known addresses of nodes must be those that the tunnel uses.
 */
const whyOpen = (tunnel: Tunnel, { own, others }: NodeAddresses): string | undefined => {
  if (tunnel.openBecause !== undefined) return tunnel.openBecause;
  const ends = [...own].filter((address) => familyOf(address) === underlayOf(tunnel));
  if (ends.length === 0) return 'no pod tells the address of this node yet';
  if (tunnel.local !== undefined && !own.has(tunnel.local))
    return `it ends at ${tunnel.local}, which is not how pods know this node`;
  return others.size === 0 && tunnel.peers.length > 0 ? 'no pod tells the address of another node yet' : undefined;
};

const sorted = <T>(values: Iterable<T>): readonly T[] => [...new Set(values)].sort();

/** @param bridges bridges that pods of the node are attached to */
export const findNetwork = (
  { addresses, tunnels }: NodeLinks,
  known: NodeAddresses,
  bridges: readonly string[],
): FoundNetwork => {
  const judged = tunnels.map((tunnel) => ({ tunnel, reason: whyOpen(tunnel, known) }));
  const closedIn = (family: IpFamily): readonly number[] => {
    const portsWhere = (isOpen: boolean): readonly number[] =>
      judged.flatMap(({ tunnel, reason }) =>
        underlayOf(tunnel) === family && (reason !== undefined) === isOpen ? tunnel.ports : [],
      );
    const open = new Set(portsWhere(true));
    return sorted(portsWhere(false).filter((port) => !open.has(port)));
  };
  return {
    network: {
      addresses,
      nodes: sorted([...known.own, ...known.others, ...addresses, ...tunnels.flatMap(({ peers }) => peers)]),
      bridges,
      tunnelPorts: sorted(tunnels.flatMap(({ ports }) => ports)),
      tunnelProtocols: sorted(tunnels.flatMap(({ protocols }) => protocols)),
      closedPorts: { ipv4: closedIn('ipv4'), ipv6: closedIn('ipv6') },
    },
    open: judged.flatMap(({ tunnel, reason }) => (reason === undefined ? [] : [`${tunnel.device}: ${reason}`])).sort(),
  };
};
