import ipaddr from 'ipaddr.js';
import type { IpFamily } from '../../model/family.ts';
import type { ReadPacket, TcpSegment } from './read-packet.ts';

/** The hop limit that hosts send with (RFC 1700). */
const HOP_LIMIT = 64;
const PROTOCOL = { ICMP: 1, TCP: 6, ICMPV6: 58 } as const;
const TCP_HEADER_BYTES = 20;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
/** Destination unreachable, communication administratively prohibited (RFC 1812, 5.2.7.1; RFC 4443, 3.1). */
const PROHIBITED: Readonly<Record<IpFamily, readonly [type: number, code: number]>> = { ipv4: [3, 13], ipv6: [1, 1] };
/** An error quotes the packet's IP header and at least eight more bytes (RFC 792), with options and extension headers. */
const QUOTED_BYTES = 128;

const uint16 = (value: number): readonly number[] => [(value >>> 8) & 255, value & 255];
const uint32 = (value: number): readonly number[] => [...uint16(value >>> 16), ...uint16(value)];

/** Returns the checksum of the Internet protocols (RFC 1071). */
const checksum = (bytes: readonly number[]): number => {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
};

interface Ends {
  readonly family: IpFamily;
  readonly source: string;
  readonly destination: string;
}

const addressBytes = ({ source, destination }: Ends): readonly number[] => [
  ...ipaddr.parse(source).toByteArray(),
  ...ipaddr.parse(destination).toByteArray(),
];

/** Returns an IP packet with its header. */
const ipPacket = (ends: Ends, protocol: number, carried: readonly number[]): Uint8Array => {
  const addresses = addressBytes(ends);
  if (ends.family === 'ipv6') {
    return Uint8Array.from([0x60, 0, 0, 0, ...uint16(carried.length), protocol, HOP_LIMIT, ...addresses, ...carried]);
  }
  // Linux fills in total length, identification and header checksum if they are 0 (raw(7)); the sum is the same.
  const header = (sum: number): readonly number[] => [
    ...[0x45, 0, ...uint16(20 + carried.length), 0, 0, 0x40, 0],
    ...[HOP_LIMIT, protocol, ...uint16(sum), ...addresses],
  ];
  return Uint8Array.from([...header(checksum(header(0))), ...carried]);
};

/** Inserts the checksum over the pseudo header and the payload (RFC 9293, 3.1; RFC 8200, 8.1). */
const summed = (
  ends: Ends,
  protocol: number,
  carried: (sum: readonly number[]) => readonly number[],
): readonly number[] => {
  const blank = carried([0, 0]);
  const pseudo = [...addressBytes(ends), ...uint32(blank.length), ...uint32(protocol)];
  return carried(uint16(checksum([...pseudo, ...blank])));
};

/** One direction of a TCP connection, as in its packets. */
interface TcpEnds extends Ends {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Returns the next sequence number of the packet's sender. */
const nextSequence = ({ tcp }: ReadPacket): number =>
  tcp === undefined ? 0 : (tcp.sequence + Number(tcp.isSyn) + Number(tcp.isFin) + tcp.dataBytes) >>> 0;

/** Returns a segment without data. */
const bare = (ends: TcpEnds, flags: number, sequence: number, acknowledgement: number): Uint8Array => {
  const segment = summed(ends, PROTOCOL.TCP, (sum) => [
    ...uint16(ends.sourcePort),
    ...uint16(ends.destinationPort),
    ...uint32(sequence),
    ...uint32(acknowledgement),
    ...[(TCP_HEADER_BYTES / 4) << 4, flags],
    ...[0, 0, ...sum, 0, 0],
  ]);
  return ipPacket(ends, PROTOCOL.TCP, segment);
};

/**
 * Returns the reset with which the segment's destination would answer (RFC 9293, 3.10.7.1); undefined for other protocols and
 * for a reset.
 */
export const resetToSender = (packet: ReadPacket): Uint8Array | undefined => {
  const { tcp, family, source, destination } = packet;
  if (tcp === undefined || tcp.isRst) return undefined;
  const back: TcpEnds = {
    family,
    source: destination,
    destination: source,
    sourcePort: tcp.destinationPort,
    destinationPort: tcp.sourcePort,
  };
  return tcp.isAck ? bare(back, RST, tcp.acknowledgement, 0) : bare(back, RST | ACK, 0, nextSequence(packet));
};

const onwards = (
  { family, source, destination }: ReadPacket,
  { sourcePort, destinationPort }: TcpSegment,
): TcpEnds => ({
  family,
  source,
  destination,
  sourcePort,
  destinationPort,
});

/** Returns the reset that the segment's sender would have sent in its place; undefined if it is not known. */
export const resetToReceiver = (packet: ReadPacket): Uint8Array | undefined => {
  const { tcp } = packet;
  if (tcp === undefined || tcp.isRst || !tcp.isAck) return undefined;
  return bare(onwards(packet, tcp), RST | ACK, tcp.sequence, tcp.acknowledgement);
};

/**
 * Returns a segment that asks the receiver whether it has this connection. A receiver that has it answers with an
 * acknowledgement and stays as it is; another one sends a reset (RFC 5961, 4.2; RFC 9293, 3.10.7.4). The sequence
 * number is an old one, and conntrack creates no connection for the segment.
 */
export const inquiry = (packet: ReadPacket): Uint8Array | undefined => {
  const { tcp } = packet;
  if (tcp === undefined || tcp.isRst || !tcp.isAck) return undefined;
  return bare(onwards(packet, tcp), SYN | ACK, (tcp.sequence - 1) >>> 0, tcp.acknowledgement);
};

/** Returns the ICMP error of the packet's destination that says that policy forbids the packet. */
export const prohibited = ({ family, source, destination, bytes }: ReadPacket): Uint8Array => {
  const ends: Ends = { family, source: destination, destination: source };
  const [type, code] = PROHIBITED[family];
  const quoted = [...bytes.subarray(0, QUOTED_BYTES)];
  const message = (sum: readonly number[]): readonly number[] => [type, code, ...sum, 0, 0, 0, 0, ...quoted];
  if (family === 'ipv4') return ipPacket(ends, PROTOCOL.ICMP, message(uint16(checksum(message([0, 0])))));
  return ipPacket(ends, PROTOCOL.ICMPV6, summed(ends, PROTOCOL.ICMPV6, message));
};
