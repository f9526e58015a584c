import type { IpFamily } from '../model/family.ts';
import type { TunnelProtocol } from '../model/node-network.ts';
import type { Protocol } from '../model/protocol.ts';
import type { ChainName, SetName } from './names.ts';

/** Ports from..to, both included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** The fields of a packet that make up a member, in order; the second of two of one side is a port (ipset(8)). */
export type SetFields = 'src' | 'dst' | 'dst,dst' | 'src,src,dst';

/** A condition on a packet; a rule's conditions must all hold (iptables-extensions(8)). */
export type Match =
  | { readonly kind: 'source'; readonly cidr: string; readonly negated?: true }
  | { readonly kind: 'destination'; readonly cidr: string; readonly negated?: true }
  | { readonly kind: 'protocol'; readonly protocol: Protocol; readonly negated?: true }
  /** Destination ports. One range, or as many as one multiport match holds. */
  | { readonly kind: 'ports'; readonly protocol: Protocol; readonly ranges: readonly PortRange[] }
  /** The named fields of the packet are a member of the set; negated: are not. */
  | { readonly kind: 'set'; readonly set: SetName; readonly fields: SetFields; readonly negated?: true }
  /** The packet belongs to a connection that conntrack knows. */
  | { readonly kind: 'established' }
  /** The packet was caused by a connection that conntrack knows: an ICMP error about it, or what its helper expects. */
  | { readonly kind: 'related' }
  /** The connection that the packet belongs to, or is about, is known and has the address at neither end. */
  | { readonly kind: 'noEndOfConnection'; readonly address: string }
  /** The address opened the connection, or receives it after translation of its destination. */
  | { readonly kind: 'endOfConnection'; readonly end: 'client' | 'server'; readonly address: string }
  /** The connection is one of the address with itself by way of another destination: a Service, say. */
  | { readonly kind: 'translatedToItself'; readonly address: string }
  /**
   * A TCP packet that conntrack takes for the start of a connection although it does not ask to open one; `isUnclear`: or
   * that belongs to nothing it knows.
   */
  | { readonly kind: 'strayTcp'; readonly isUnclear?: true }
  /** A TCP packet that asks to open a connection. */
  | { readonly kind: 'openingTcp' }
  | { readonly kind: 'tcpReset' }
  /** A TCP packet that answers one that asks to open a connection. */
  | { readonly kind: 'tcpInquiry' }
  /** A TCP packet whose ports say that it comes from the end that opened the connection (client-ports.ts). */
  | { readonly kind: 'clientPorts' }
  /** `code` only with a type. */
  | { readonly kind: 'icmp'; readonly family: IpFamily; readonly type?: number; readonly code?: number }
  /** A socket of the node sent the packet. */
  | { readonly kind: 'ofSocket' }
  /** The IPv6 hop limit as it is at the hook: a forwarded packet has lost one already. */
  | { readonly kind: 'hopLimit'; readonly equals: number }
  /** The source, or the destination, is an address of the node itself. */
  | { readonly kind: 'localSource' }
  | { readonly kind: 'localDestination' }
  | { readonly kind: 'tunnelProtocol'; readonly protocol: TunnelProtocol }
  /** The packet came in by an interface of this name; one that ends in `+` stands for all that begin so. */
  | { readonly kind: 'inInterface'; readonly name: string }
  /** The packet leaves by the interface of this name. */
  | { readonly kind: 'outInterface'; readonly name: string }
  /** The packet goes from one port of a bridge to another; from or to these, where they are named. */
  | { readonly kind: 'bridged'; readonly in?: string; readonly out?: string }
  /** The node would not send an answer to the source out of the interface that the packet came in by (rpfilter). */
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

/** What happens to a packet that met all conditions. `goto` returns past the rule that jumped here, not to it. */
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
  /** Spelled as `ipset save` prints them. */
  readonly members: ReadonlySet<string>;
  /** Whether being a member can only allow packets, or only deny them: it decides the order of changes. */
  readonly effect: 'allow' | 'deny';
  /**
   * Present where members come while the program is in force and go by themselves after so many seconds: they are no
   * part of the program, which only asks for the set.
   */
  readonly timeoutSeconds?: number;
}

/** A jump from a built-in chain; it has to be that chain's first rule. */
export interface HookJump<In extends Hook = PolicyHook> {
  readonly hook: In;
  readonly chain: ChainName;
}

/** Built-in chains that we hook: where policy is judged, and in the raw table. */
export type PolicyHook = 'FORWARD' | 'OUTPUT';
export type RawHook = 'PREROUTING';
export type Hook = PolicyHook | RawHook;

/** Our part of one table. */
export interface TableProgram<In extends Hook> {
  readonly chains: ReadonlyMap<ChainName, Chain>;
  readonly hooks: readonly HookJump<In>[];
}

/** The whole of our part of one family's tables, and of the sets it uses: the security table, and where it is needed raw. */
export interface FamilyProgram extends TableProgram<PolicyHook> {
  readonly sets: ReadonlyMap<SetName, IpSet>;
  /** Absent: nothing of ours is in the raw table. */
  readonly raw?: TableProgram<RawHook> | undefined;
}

/** What the kernel of one node has to hold. */
export type NodeProgram = Readonly<Record<IpFamily, FamilyProgram>>;
