import type { Protocol } from '../model/protocol.ts';

/** The protocol of a packet; 'other' is any that NetworkPolicyPort cannot name, such as ICMP. */
export type PacketProtocol = Protocol | 'other';

/** The packet that would open a connection as a node's firewall sees it: after DNAT, before SNAT. */
export interface Packet {
  /** An IPv4 or IPv6 address. */
  readonly source: string;
  /** An address of the same family. */
  readonly destination: string;
  readonly protocol: PacketProtocol;
  /** Destination port, 1 to 65535; meaningless for 'other'. */
  readonly port: number;
}
