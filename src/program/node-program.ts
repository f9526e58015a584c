import type { IpFamily } from '../model/family.ts';
import type { TunnelProtocol } from '../model/node-network.ts';
import type { PortRange } from '../model/port-range.ts';
import type { Protocol } from '../model/protocol.ts';
import type { ChainName, SetName } from './names.ts';

/** The packet's fields that make up a member, in order; the second field of the same side is a port (ipset(8)). */
export type SetFields = 'src' | 'dst' | 'dst,dst' | 'src,src,dst';

/** A match on a packet; all matches of a rule must hold (iptables-extensions(8)). */
export type Match =
  | { readonly kind: 'source'; readonly cidr: string; readonly negated?: true }
  | { readonly kind: 'destination'; readonly cidr: string; readonly negated?: true }
  | { readonly kind: 'protocol'; readonly protocol: Protocol; readonly negated?: true }
  /** Destination ports: one range, or as many as fit into one multiport match. */
  | { readonly kind: 'ports'; readonly protocol: Protocol; readonly ranges: readonly PortRange[] }
  /** The named fields of the packet are a member of the set; negated: they are not. */
  | { readonly kind: 'set'; readonly set: SetName; readonly fields: SetFields; readonly negated?: true }
  /** The packet belongs to a connection that conntrack knows. */
  | { readonly kind: 'established' }
  /** The packet was caused by a connection that conntrack knows: an ICMP error about it, or what its helper expects. */
  | { readonly kind: 'related' }
  /** The packet belongs to, or is about, a tracked connection that has the address at neither end. */
  | { readonly kind: 'noEndOfConnection'; readonly address: string }
  /** The address is the client of the connection, or its server after translation of the destination. */
  | { readonly kind: 'endOfConnection'; readonly end: 'client' | 'server'; readonly address: string }
  /** The connection is one of the address with itself through another destination, such as a Service. */
  | { readonly kind: 'translatedToItself'; readonly address: string }
  /**
   * A TCP packet that conntrack takes for the start of a connection although it has no SYN; with `isUnclear`: or that belongs
   * to no tracked connection.
   */
  | { readonly kind: 'strayTcp'; readonly isUnclear?: true }
  /** A TCP packet that opens a connection. */
  | { readonly kind: 'openingTcp' }
  | { readonly kind: 'tcpReset' }
  /** A TCP packet that answers one that opens a connection. */
  | { readonly kind: 'tcpInquiry' }
  /** A TCP packet whose ports show that its sender opened the connection (client-ports.ts). */
  | { readonly kind: 'clientPorts' }
  /** `code` only together with `type`. */
  | { readonly kind: 'icmp'; readonly family: IpFamily; readonly type?: number; readonly code?: number }
  /** A socket of the node sent the packet. */
  | { readonly kind: 'ofSocket' }
  /** The IPv6 hop limit at the hook: that of a forwarded packet is one less than at its arrival. */
  | { readonly kind: 'hopLimit'; readonly equals: number }
  /** The source, or the destination, is an address of the node itself. */
  | { readonly kind: 'localSource' }
  | { readonly kind: 'localDestination' }
  | { readonly kind: 'tunnelProtocol'; readonly protocol: TunnelProtocol }
  /** The packet came in by an interface of this name; a name that ends in `+` is a prefix. */
  | { readonly kind: 'inInterface'; readonly name: string }
  /** The packet leaves by an interface of this name. */
  | { readonly kind: 'outInterface'; readonly name: string }
  /** The packet goes from one port of a bridge to another; with `in` or `out`: from or to that port. */
  | { readonly kind: 'bridged'; readonly in?: string; readonly out?: string }
  /** The node would not send an answer to the source through the interface that the packet came in by (rpfilter). */
  | { readonly kind: 'unroutedSource' }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'limit'; readonly perSecond: number; readonly burst: number }
  /**
   * A limit that all rules with this name have in common, of both directions; `bySource`: for each source address; `byEdge`:
   * for each source and destination address and destination port.
   */
  | {
      readonly kind: 'rate';
      readonly name: string;
      readonly perSecond: number;
      readonly burst: number;
      readonly bySource?: true;
      readonly byEdge?: true;
    };

/** The action for a packet that met all matches. A `goto` returns past the rule that jumped to this chain, not to it. */
export type Verdict =
  | { readonly kind: 'return' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'jump'; readonly chain: ChainName }
  | { readonly kind: 'goto'; readonly chain: ChainName }
  | { readonly kind: 'log'; readonly group: number; readonly prefix: string };

export interface Rule {
  readonly matches: readonly Match[];
  readonly verdict: Verdict;
}

export interface Chain {
  readonly name: ChainName;
  readonly rules: readonly Rule[];
}

export type SetType = 'hash:ip' | 'hash:net' | 'hash:ip,port' | 'hash:ip,port,ip';

export interface IpSet {
  readonly name: SetName;
  readonly type: SetType;
  /** In the format of `ipset save`. */
  readonly members: ReadonlySet<string>;
  /** Whether membership can only allow packets, or only deny them: this decides the order of changes. */
  readonly effect: 'allow' | 'deny';
  /**
   * Present if members are added at run time and expire by themselves after this time. They are not part of the rule set,
   * which only needs the set to exist.
   */
  readonly timeoutSeconds?: number;
}

/** A jump from a built-in chain; it must be that chain's first rule. */
export interface HookJump<In extends Hook = PolicyHook> {
  readonly hook: In;
  readonly chain: ChainName;
}

/** Built-in chains that we hook: those for policy, and those of the raw table. */
export type PolicyHook = 'FORWARD' | 'OUTPUT';
export type RawHook = 'PREROUTING';
export type Hook = PolicyHook | RawHook;

/** Our part of one table. */
export interface TableProgram<In extends Hook> {
  readonly chains: ReadonlyMap<ChainName, Chain>;
  readonly hooks: readonly HookJump<In>[];
}

/** Our complete part of one family: the security table, the raw table if needed, and their sets. */
export interface FamilyProgram extends TableProgram<PolicyHook> {
  readonly sets: ReadonlyMap<SetName, IpSet>;
  /** Absent if nothing of ours is in the raw table. */
  readonly raw?: TableProgram<RawHook> | undefined;
}

/** The rule set of one node. */
export type NodeProgram = Readonly<Record<IpFamily, FamilyProgram>>;
