import { addressBytes, transportChecksum, u16, u32, u8, withU16 } from './bytes.ts';
import { ip, type IpParts, PROTOCOL } from './ip.ts';

/** The two ends of a packet. */
export interface Ends {
  readonly source: string;
  readonly destination: string;
}

/** Ports of UDP, TCP, SCTP or DCCP. */
export interface Ports {
  readonly sourcePort: number;
  readonly port: number;
}

/** Returns a UDP datagram (RFC 768) with its checksum. */
export const udp = (ends: Ends, { sourcePort, port }: Ports, data: Buffer): Buffer => {
  const plain = Buffer.concat([u16(sourcePort, port, 8 + data.length, 0), data]);
  return withU16(plain, 6, transportChecksum(ends.source, ends.destination, PROTOCOL.udp, plain) || 0xffff);
};

/** Returns a UDP-Lite datagram (RFC 3828) whose checksum covers all of it. */
export const udpLite = (ends: Ends, { sourcePort, port }: Ports, data: Buffer): Buffer => {
  const plain = Buffer.concat([u16(sourcePort, port, 0, 0), data]);
  return withU16(plain, 6, transportChecksum(ends.source, ends.destination, PROTOCOL.udpLite, plain) || 0xffff);
};

/** Flags of TCP (RFC 9293, 3.1). */
export const TCP_FLAG = { fin: 1, syn: 2, reset: 4, push: 8, ack: 16, urgent: 32 } as const;

export interface TcpParts extends Ports {
  /** Sum of TCP_FLAG. */
  readonly flags: number;
  readonly sequence?: number;
  readonly acknowledges?: number;
}

/** Returns a TCP segment (RFC 9293) with its checksum and without options. */
export const tcp = (ends: Ends, parts: TcpParts, data: Buffer = Buffer.alloc(0)): Buffer => {
  const { sourcePort, port, flags, sequence = 1, acknowledges = 0 } = parts;
  const plain = Buffer.concat([
    u16(sourcePort, port),
    u32(sequence, acknowledges),
    u8(0x50, flags),
    u16(65_535, 0, 0),
    data,
  ]);
  return withU16(plain, 16, transportChecksum(ends.source, ends.destination, PROTOCOL.tcp, plain));
};

/** Returns the CRC32c of RFC 9260, appendix A. */
export const crc32c = (bytes: Buffer): number => {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
};

/** Returns an SCTP packet (RFC 9260) of one chunk. */
export const sctp = ({ sourcePort, port }: Ports, chunk: number, value: Buffer, verification = 0): Buffer => {
  const padding = Buffer.alloc((4 - (value.length % 4)) % 4);
  const packet = Buffer.concat([
    u16(sourcePort, port),
    u32(verification, 0),
    u8(chunk, 0),
    u16(4 + value.length),
    value,
    padding,
  ]);
  packet.writeUInt32LE(crc32c(packet), 8);
  return packet;
};

/** Returns the value of an INIT chunk with a parameter of an unknown kind that contains `data`. */
export const sctpInit = (data: Buffer): Buffer =>
  Buffer.concat([u32(1, 65_535), u16(1, 1), u32(1), u16(0xc0de, 4 + data.length), data]);

/** Returns a request of DCCP (RFC 4340) that carries `data`. */
export const dccpRequest = (ends: Ends, { sourcePort, port }: Ports, data: Buffer): Buffer => {
  const plain = Buffer.concat([u16(sourcePort, port), u8(5, 0), u16(0), u8(1, 0, 0, 0, 0, 0, 0, 1), u32(0), data]);
  return withU16(plain, 6, transportChecksum(ends.source, ends.destination, PROTOCOL.dccp, plain));
};

/** Returns an IP packet that contains a UDP datagram. */
export const udpPacket = (parts: Omit<IpParts, 'protocol'>, ports: Ports, data: Buffer): Buffer =>
  ip({ ...parts, protocol: PROTOCOL.udp }, udp(parts, ports, data));

/** Returns an IP packet that contains a TCP segment. */
export const tcpPacket = (parts: Omit<IpParts, 'protocol'>, segment: TcpParts, data?: Buffer): Buffer =>
  ip({ ...parts, protocol: PROTOCOL.tcp }, tcp(parts, segment, data));

/** Returns a GRE header (RFC 2784) for a payload of an EtherType. */
export const gre = (type: number, payload: Buffer): Buffer => Buffer.concat([u16(0, type), payload]);

/** Returns a VXLAN packet (RFC 7348) around a frame. */
export const vxlan = (network: number, frame: Buffer): Buffer => Buffer.concat([u32(0x0800_0000, network << 8), frame]);

/** Returns a DHCP offer or acknowledgement (RFC 2131): `kind` is 2 or 5. */
export const dhcpReply = (kind: number, client: string, address: string, server: string, data: Buffer): Buffer =>
  Buffer.concat([
    u8(2, 1, 6, 0),
    u32(1, 0, 0),
    addressBytes(address),
    addressBytes(server),
    u32(0),
    Buffer.from(client.replaceAll(':', ''), 'hex'),
    Buffer.alloc(10 + 64 + 128),
    u32(0x6382_5363),
    u8(53, 1, kind, 54, 4),
    addressBytes(server),
    u8(43, data.length),
    data,
    u8(255),
  ]);
