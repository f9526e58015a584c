import type { IpFamily } from '../../../src/model/family.ts';

/**
 * How conntrack sees a packet: `stray` is a TCP packet that asks for no connection and belongs to none, `related` an ICMP
 * error about a connection.
 */
export type PacketState = 'new' | 'established' | 'stray' | 'related';

/** A connection as conntrack has it. */
export interface TrackedConnection {
  readonly client: string;
  /** Where the client's first packet went, before any translation. */
  readonly asked: string;
  /** Who answers. */
  readonly server: string;
}

/** A packet at a hook of the filter table. */
export interface WalkedPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp' | 'ipv6-icmp';
  /** Destination port, for tcp, udp and sctp. */
  readonly port?: number;
  /** Source port, for those; one that nothing knows if absent. */
  readonly sourcePort?: number;
  /** ICMP type of the packet's family. */
  readonly type?: number;
  /** IPv6 hop limit at the hook; 64 if absent. */
  readonly hopLimit?: number;
  /** The connection that it belongs to or is about; one from source to destination if absent, by a Service if they are one. */
  readonly connection?: TrackedConnection;
  /** Names of interfaces, of no meaning to most rules. */
  readonly inInterface?: string;
  readonly outInterface?: string;
  /** 'new' if absent. */
  readonly state?: PacketState;
  /** 'FORWARD' if absent. */
  readonly hook?: 'FORWARD' | 'OUTPUT';
  /** The source is an address of the node itself. */
  readonly localSource?: boolean;
}

export const packetFamily = ({ source }: WalkedPacket): IpFamily => (source.includes(':') ? 'ipv6' : 'ipv4');
