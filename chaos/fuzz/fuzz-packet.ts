/** A packet that would open a connection; every evaluation judges it. */
export interface FuzzPacket {
  readonly from: string;
  readonly to: string;
  /** 'other' is an echo request of ICMP or ICMPv6. */
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'other';
  /** Destination port; 0 for 'other'. */
  readonly port: number;
}

export const packetText = ({ from, to, protocol, port }: FuzzPacket): string =>
  `${from} → ${to} ${protocol === 'other' ? 'ICMP' : `${protocol}/${port}`}`;
