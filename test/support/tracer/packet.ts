import type { IpFamily } from '../../../src/model/family.ts';

/** How conntrack sees a packet: `stray` is a TCP packet that asks for no connection and belongs to none. */
export type PacketState = 'new' | 'established' | 'stray';

/** A packet at a hook of the filter table. */
export interface WalkedPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp' | 'ipv6-icmp';
  /** Destination port, for tcp, udp and sctp. */
  readonly port?: number;
  /** Source port, for those; one that nothing knows if absent. */
  readonly sourcePort?: number;
  /** ICMPv6 type. */
  readonly type?: number;
  /** 'new' if absent. */
  readonly state?: PacketState;
  /** 'FORWARD' if absent. */
  readonly hook?: 'FORWARD' | 'OUTPUT';
  /** The source is an address of the node itself. */
  readonly localSource?: boolean;
}

export const packetFamily = ({ source }: WalkedPacket): IpFamily => (source.includes(':') ? 'ipv6' : 'ipv4');
