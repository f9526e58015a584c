import type { IpFamily } from './family.ts';

/** One direction of a connection, as its packets look in that direction. */
export interface ConnectionTuple {
  readonly source: string;
  readonly destination: string;
  /** 0 where the protocol has no ports; the keys of GRE. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** ICMP and ICMPv6 queries. */
  readonly icmp: { readonly type: number; readonly code: number; readonly id: number } | undefined;
  /** The conntrack zone of this direction alone; 0 is the default one. */
  readonly zone: number;
}

/**
 * An entry of the kernel's connection tracking table. Before DNAT and after SNAT the two directions differ in more than
 * being the reverse of each other: the destination proper is the source of the replies.
 */
export interface Connection {
  readonly family: IpFamily;
  /** IP protocol number (IANA). */
  readonly protocol: number;
  readonly original: ConnectionTuple;
  readonly reply: ConnectionTuple;
  /** The zone of both directions, 0 where they have none in common. */
  readonly zone: number;
}

/** The packet that would open a connection, after DNAT and before SNAT: all that a verdict on it depends on. */
export interface Opening {
  readonly source: string;
  /** Where the replies come from. */
  readonly destination: string;
  /** IP protocol number (IANA). */
  readonly protocol: number;
  /** The destination's; 0 where the protocol has no ports. */
  readonly port: number;
  /** The source's, likewise: no verdict depends on it, but it may tell that the kernel took the ends for each other. */
  readonly sourcePort: number;
}

/** Which of very many connections are worth reading whole; asked again and again while the table comes in. Must not throw. */
export interface ConnectionSelection {
  /** Whether a connection between the two could be among them: its source, and its destination after DNAT. */
  concerns(source: string, destination: string): boolean;
  /** Asked of those that concern. */
  selects(opening: Opening): boolean;
}

/** Such an entry as it can be told from one that took its place. */
export interface TrackedConnection extends Connection {
  /** The kernel's identity of this entry: a later one of the same tuple has another. */
  readonly id: number;
}
