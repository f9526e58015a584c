import type { IpFamily } from '../../model/family.ts';
import { addressText, bytesOf } from '../address-text.ts';

/** The fields of a TCP segment that identify its place in a connection (RFC 9293, 3.1). */
export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  /** Meaningless without ACK. */
  readonly acknowledgement: number;
  readonly isSyn: boolean;
  readonly isAck: boolean;
  readonly isFin: boolean;
  readonly isRst: boolean;
  /** Number of data bytes; the data may not have been copied. */
  readonly dataBytes: number;
}

export interface Ports {
  readonly source: number;
  readonly destination: number;
}

/** An IP packet, as far as an answer to it depends on. */
export interface ReadPacket {
  readonly family: IpFamily;
  /** Canonical text. */
  readonly source: string;
  readonly destination: string;
  /** IP protocol number, after the extension headers. */
  readonly protocol: number;
  readonly tcp: TcpSegment | undefined;
  /** Of TCP, UDP and SCTP; undefined for others. */
  readonly ports: Ports | undefined;
  /** An ICMP or ICMPv6 message that is no query: nobody answers these (RFC 1122, 3.2.2; RFC 4443, 2.4 e). */
  readonly isIcmpError: boolean;
  /** The first bytes of the packet. */
  readonly bytes: Uint8Array;
}

const ICMP = 1;
const TCP = 6;
const ICMPV6 = 58;
/** Protocols that begin with the ports of source and destination: TCP, UDP, SCTP. */
const WITH_PORTS: readonly number[] = [TCP, 17, 132];
/** IPv6 extension headers that may stand before what is carried (RFC 8200, 4.1), and the fragment header. */
const EXTENSIONS: readonly number[] = [0, 43, 60, 135];
const FRAGMENT = 44;
/** Types of ICMP queries: echo, timestamp and the like. In ICMPv6 all types from 128 on. */
const ICMP_QUERIES: readonly number[] = [0, 8, 9, 10, 13, 14, 15, 16, 17, 18];
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

interface Headers {
  readonly family: IpFamily;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** Offset and length of the payload. */
  readonly at: number;
  readonly carried: number;
}

const readIpv4 = (view: DataView): Headers | undefined => {
  const at = (view.getUint8(0) & 15) * 4;
  const isLater = (view.getUint16(6) & 0x1fff) !== 0;
  if (at < 20 || isLater) return undefined;
  const address = (from: number): string => addressText(bytesOf(view, from, 4));
  return {
    family: 'ipv4',
    source: address(12),
    destination: address(16),
    protocol: view.getUint8(9),
    at,
    carried: view.getUint16(2) - at,
  };
};

const readIpv6 = (view: DataView): Headers | undefined => {
  const address = (from: number): string => addressText(bytesOf(view, from, 16));
  let protocol = view.getUint8(6);
  let at = 40;
  while (EXTENSIONS.includes(protocol) || protocol === FRAGMENT) {
    if (protocol === FRAGMENT && (view.getUint16(at + 2) & 0xfff8) !== 0) return undefined;
    const length = protocol === FRAGMENT ? 8 : 8 * (view.getUint8(at + 1) + 1);
    protocol = view.getUint8(at);
    at += length;
  }
  return {
    family: 'ipv6',
    source: address(8),
    destination: address(24),
    protocol,
    at,
    carried: view.getUint16(4) + 40 - at,
  };
};

const readTcp = (view: DataView, { at, carried }: Headers): TcpSegment => {
  const flags = view.getUint8(at + 13);
  return {
    sourcePort: view.getUint16(at),
    destinationPort: view.getUint16(at + 2),
    sequence: view.getUint32(at + 4),
    acknowledgement: view.getUint32(at + 8),
    isSyn: (flags & SYN) !== 0,
    isAck: (flags & ACK) !== 0,
    isFin: (flags & FIN) !== 0,
    isRst: (flags & RST) !== 0,
    dataBytes: Math.max(0, carried - (view.getUint8(at + 12) >> 4) * 4),
  };
};

const isError = (view: DataView, { protocol, at }: Headers): boolean => {
  if (protocol === ICMP) return !ICMP_QUERIES.includes(view.getUint8(at));
  return protocol === ICMPV6 && view.getUint8(at) < 128;
};

/** Parses a packet from its IP header on. Undefined for a later fragment, and for a packet that is cut off or malformed. */
export const readPacket = (bytes: Uint8Array): ReadPacket | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const version = view.getUint8(0) >> 4;
    const headers = version === 4 ? readIpv4(view) : version === 6 ? readIpv6(view) : undefined;
    if (headers === undefined) return undefined;
    const { family, source, destination, protocol } = headers;
    return {
      family,
      source,
      destination,
      protocol,
      tcp: protocol === TCP ? readTcp(view, headers) : undefined,
      ports: WITH_PORTS.includes(protocol)
        ? { source: view.getUint16(headers.at), destination: view.getUint16(headers.at + 2) }
        : undefined,
      isIcmpError: isError(view, headers),
      bytes,
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
