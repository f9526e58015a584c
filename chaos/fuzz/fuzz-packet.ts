/** A packet that would open a connection, as every reading of a cluster is asked about it. */
export interface FuzzPacket {
  readonly from: string;
  readonly to: string;
  /** 'other' is ICMP or ICMPv6, an echo request. */
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'other';
  /** Destination port; 0 for 'other'. */
  readonly port: number;
}

export const packetText = ({ from, to, protocol, port }: FuzzPacket): string =>
  `${from} → ${to} ${protocol === 'other' ? 'ICMP' : `${protocol}/${port}`}`;
