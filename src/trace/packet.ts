import type { Protocol } from '../model/protocol.ts';

/** What a packet carries; 'other' is all that NetworkPolicyPort cannot name, ICMP for example. */
export type PacketProtocol = Protocol | 'other';

/** The packet that would open a connection, as a node's firewall sees it: after DNAT, before SNAT. */
export interface Packet {
  /** Address, IPv4 or IPv6. */
  readonly source: string;
  /** Address of the same family. */
  readonly destination: string;
  readonly protocol: PacketProtocol;
  /** Destination port, 1 to 65535; of no meaning for 'other'. */
  readonly port: number;
}
