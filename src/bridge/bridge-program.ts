import type { Brand } from '../model/brand.ts';
import type { IpFamily } from '../model/family.ts';

/** The table of nftables' family bridge that is ours; no other table is ever touched. */
export const TABLE = 'portcullis';

/**
 * The sets of the table, and the type of their elements (nft(8), SETS). Rules are the same on all nodes: what is known of
 * ports is in these.
 */
export const SET_TYPES = {
  /** Ports of bridges that no pod hangs on. */
  others: 'type ifname',
  /** Ports that are no pod's by their kind: by these other machines are reached. */
  uplinks: 'type ifname',
  /** Ports whose pod is known. */
  known: 'type ifname',
  /** Ports whose pod was found out by its answers. */
  learned: 'type ifname',
  /** Known ports whose pod some policy isolates, in any direction. */
  isolated: 'type ifname',
  /** Isolated ports whose policies let nothing out to addresses that nobody is known to have, by family. */
  caged4: 'type ifname',
  caged6: 'type ifname',
  /** Isolated ports whose policies let nothing in from addresses that nobody is known to have, by family. */
  shut4: 'type ifname',
  shut6: 'type ifname',
  /** Isolated ports that may take and send IPv6. */
  v6: 'type ifname',
  /** Ports of pods that may forward packets of others. */
  routers: 'type ifname',
  /** What belongs to a port. */
  own4: 'type ifname . ipv4_addr',
  own6: 'type ifname . ipv6_addr',
  ownmac: 'type ifname . ether_addr',
  /** `own6` again, to be compared with the target of neighbour discovery: bytes 8 to 23 of the ICMPv6 message (RFC 4861, 4.3). */
  nd6: 'typeof iifname . @th,64,128',
  /** What belongs to some known port or to the node: no other port may claim it. */
  prot4: 'type ipv4_addr',
  prot6: 'type ipv6_addr',
  protmac: 'type ether_addr',
  pnd6: 'typeof @th,64,128',
  /** Single addresses that rules of this node name, as far as they are of the bridges' subnets: no pod may claim one. */
  named4: 'type ipv4_addr',
  named6: 'type ipv6_addr',
  nnd6: 'typeof @th,64,128',
  /** Addresses of pods whose port is not known yet: no port of another pod may claim one. */
  wanted4: 'type ipv4_addr',
  wanted6: 'type ipv6_addr',
  wnd6: 'typeof @th,64,128',
  /** MACs of the bridges themselves. */
  bridgemac: 'type ether_addr',
} as const;

export type BridgeSet = keyof typeof SET_TYPES;

export const BRIDGE_SETS = Object.keys(SET_TYPES) as readonly BridgeSet[];

/** Why a packet was dropped: a counter each, and a label of a metric. */
export const DROP_REASONS = ['source', 'mac', 'arp', 'nd', 'ethertype', 'flood', 'address'] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** An element as nft takes it. */
export type Element = Brand<'Element'>;

/** What of the rules differs from node to node: another value of it replaces the table as a whole. */
export interface BridgeRules {
  /** Bridged packets of the family come before iptables, and our rules stand there. */
  readonly judged: Readonly<Record<IpFamily, boolean>>;
  /** Blocks of free addresses that a pod that no policy isolates may use; none of a family: any. */
  readonly subnets: Readonly<Record<IpFamily, readonly string[]>>;
  /** Dropped packets are reported to this NFLOG group. */
  readonly logGroup: number | undefined;
}

/** What the table has to hold. */
export interface BridgeProgram {
  readonly rules: BridgeRules;
  readonly sets: Readonly<Record<BridgeSet, ReadonlySet<Element>>>;
}
