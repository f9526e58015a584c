import type { IpFamily } from './family.ts';

/** One direction of a connection, as in its packets. */
export interface ConnectionTuple {
  readonly source: string;
  readonly destination: string;
  /** 0 for protocols without ports; the key for GRE. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Present for ICMP and ICMPv6 queries. */
  readonly icmp: { readonly type: number; readonly code: number; readonly id: number } | undefined;
  /** The conntrack zone of this direction only; 0 is the default zone. */
  readonly zone: number;
}

/**
 * An entry of the kernel's connection tracking table. With DNAT or SNAT, one direction is not the reverse of the other: the
 * real destination is the source of the replies.
 */
export interface Connection {
  readonly family: IpFamily;
  /** IP protocol number (IANA). */
  readonly protocol: number;
  readonly original: ConnectionTuple;
  readonly reply: ConnectionTuple;
  /** The zone of both directions; 0 if they share none. */
  readonly zone: number;
}

/** The packet that would open a connection, after DNAT and before SNAT: a verdict depends on nothing else. */
export interface Opening {
  readonly source: string;
  /** The source of the replies. */
  readonly destination: string;
  /** IP protocol number (IANA). */
  readonly protocol: number;
  /** The destination's port; 0 for protocols without ports. */
  readonly port: number;
  /** The source's port. No verdict depends on it, but it may show that the kernel exchanged the ends. */
  readonly sourcePort: number;
}

/** Selects the connections that are worth parsing, while the table is read. Must not throw. */
export interface ConnectionSelection {
  /** Reports whether a connection between source and destination (after DNAT) could be selected. */
  concerns(source: string, destination: string): boolean;
  /** Reports whether a connection that `concerns` accepted is selected. */
  selects(opening: Opening): boolean;
}

/** An entry that can be distinguished from one that replaced it. */
export interface TrackedConnection extends Connection {
  /** The kernel's identity of this entry: a later entry with the same tuple has another one. */
  readonly id: number;
}
