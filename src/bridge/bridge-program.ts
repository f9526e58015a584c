import type { Brand } from '../model/brand.ts';
import type { IpFamily } from '../model/family.ts';

/** Our table of nftables' bridge family. The agent changes no other table. */
export const TABLE = 'portcullis';

/**
 * The sets of the table, with the type of their elements (nft(8), SETS). All nodes have the same rules; these sets contain
 * what is known of ports.
 */
export const SET_TYPES = {
  /** Ports of bridges without pods. */
  others: 'type ifname',
  /** Ports that are no pod's by their kind: they lead to other machines. */
  uplinks: 'type ifname',
  /** Ports whose pod is known. */
  known: 'type ifname',
  /** Ports whose pod was learned from its answers. */
  learned: 'type ifname',
  /** Known ports whose pod is isolated in any direction. */
  isolated: 'type ifname',
  /** Isolated ports whose policies allow no egress to unknown addresses, by family. */
  caged4: 'type ifname',
  caged6: 'type ifname',
  /** Isolated ports whose policies allow no ingress from unknown addresses, by family. */
  shut4: 'type ifname',
  shut6: 'type ifname',
  /** Isolated ports that may receive and send IPv6. */
  v6: 'type ifname',
  /** Ports of pods that may forward other pods' packets. */
  routers: 'type ifname',
  /** The addresses and MACs of each port. */
  own4: 'type ifname . ipv4_addr',
  own6: 'type ifname . ipv6_addr',
  ownmac: 'type ifname . ether_addr',
  /** `own6` again, to compare with the target of neighbour discovery: bytes 8 to 23 of the ICMPv6 message (RFC 4861, 4.3). */
  nd6: 'typeof iifname . @th,64,128',
  /** Addresses of known ports and of the node: no other port may claim them. */
  prot4: 'type ipv4_addr',
  prot6: 'type ipv6_addr',
  protmac: 'type ether_addr',
  pnd6: 'typeof @th,64,128',
  /** Single addresses in this node's rules that are in the bridges' subnets: no pod may claim them. */
  named4: 'type ipv4_addr',
  named6: 'type ipv6_addr',
  nnd6: 'typeof @th,64,128',
  /** Addresses of pods whose port is not known yet: no other pod's port may claim them. */
  wanted4: 'type ipv4_addr',
  wanted6: 'type ipv6_addr',
  wnd6: 'typeof @th,64,128',
  /** MACs of the bridges themselves. */
  bridgemac: 'type ether_addr',
} as const;

export type BridgeSet = keyof typeof SET_TYPES;

export const BRIDGE_SETS = Object.keys(SET_TYPES) as readonly BridgeSet[];

/** Reasons for dropping a packet. Each has a counter and is a label of a metric. */
export const DROP_REASONS = ['source', 'mac', 'arp', 'nd', 'ethertype', 'flood', 'address'] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** An element in nft's format. */
export type Element = Brand<'Element'>;

/** The NFLOG groups to which dropped packets are reported. */
export interface BridgeReports {
  /** Of another program (`--nflog-group`). */
  readonly logGroup?: number | undefined;
  /** Of the agent, which keeps records. */
  readonly recordGroup?: number | undefined;
}

/** The part of the rules that differs from node to node; changing it replaces the whole table. */
export interface BridgeRules {
  /** Whether iptables sees the family's bridged packets and has our rules. */
  readonly judged: Readonly<Record<IpFamily, boolean>>;
  /** Blocks of addresses that pods without isolation may use if they are free; none for a family means any address. */
  readonly subnets: Readonly<Record<IpFamily, readonly string[]>>;
  readonly reports: BridgeReports;
}

/** The wanted content of the table. */
export interface BridgeProgram {
  readonly rules: BridgeRules;
  readonly sets: Readonly<Record<BridgeSet, ReadonlySet<Element>>>;
}
