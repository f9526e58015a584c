import { addressBytes, checksum, padTo, u16, u32, u8, withU16 } from './bytes.ts';

/** Protocol numbers (IANA), which are also IPv6's next headers. */
export const PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  none: 59,
  destinationOptions: 60,
  ospf: 89,
  pim: 103,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  mobility: 135,
  udpLite: 136,
  experimental: 253,
} as const;

export interface IpParts {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** Time to live, or hop limit; 64 if absent. */
  readonly ttl?: number;
  /** IPv4 only: identification, 0 if absent. */
  readonly id?: number;
  /** IPv4 only: offset of a fragment in units of 8 bytes. */
  readonly offset?: number;
  /** IPv4 only: more fragments follow. */
  readonly more?: boolean;
  /** IPv4 only: options; padded to a multiple of 4 bytes. */
  readonly options?: Buffer;
}

/** Returns an IPv4 packet (RFC 791). */
export const ipv4 = (parts: IpParts, payload: Buffer): Buffer => {
  const { source, destination, protocol, ttl = 64, id = 0, offset = 0, more = false } = parts;
  const options = padTo(parts.options ?? Buffer.alloc(0), 4);
  const words = 5 + options.length / 4;
  const header = Buffer.concat([
    u8(0x40 | words, 0),
    u16(4 * words + payload.length, id, (more ? 0x2000 : 0) | offset),
    u8(ttl, protocol),
    u16(0),
    addressBytes(source),
    addressBytes(destination),
    options,
  ]);
  return Buffer.concat([withU16(header, 10, checksum(header)), payload]);
};

/** Returns an IPv6 packet (RFC 8200); `protocol` is the first next header. */
export const ipv6 = ({ source, destination, protocol, ttl = 64 }: IpParts, payload: Buffer): Buffer =>
  Buffer.concat([
    u32(0x6000_0000),
    u16(payload.length),
    u8(protocol, ttl),
    addressBytes(source),
    addressBytes(destination),
    payload,
  ]);

/** Returns a packet of the source's family. */
export const ip = (parts: IpParts, payload: Buffer): Buffer =>
  parts.source.includes(':') ? ipv6(parts, payload) : ipv4(parts, payload);

/** Builds an extension header from what follows it: its own number, and its bytes. */
export interface Extension {
  readonly number: number;
  readonly bytes: (next: number) => Buffer;
}

/** Returns options padded with PadN to a header of a multiple of 8 bytes (RFC 8200, 4.2). */
const optionsHeader = (next: number, options: Buffer): Buffer => {
  const missing = (8 - ((2 + options.length) % 8)) % 8;
  const padding =
    missing === 0 ? u8() : missing === 1 ? u8(0) : Buffer.concat([u8(1, missing - 2), Buffer.alloc(missing - 2)]);
  const body = Buffer.concat([options, padding]);
  return Buffer.concat([u8(next, (2 + body.length) / 8 - 1), body]);
};

const ONE_PADDING = u8(1, 4, 0, 0, 0, 0);

export const hopByHop = (options: Buffer = ONE_PADDING): Extension => ({
  number: PROTOCOL.hopByHop,
  bytes: (next) => optionsHeader(next, options),
});

export const destinationOptions = (options: Buffer = ONE_PADDING): Extension => ({
  number: PROTOCOL.destinationOptions,
  bytes: (next) => optionsHeader(next, options),
});

/** A routing header (RFC 8200, 4.4; type 0: RFC 5095; type 4: RFC 8754). */
export const routing = (type: number, segmentsLeft: number, addresses: readonly string[]): Extension => ({
  number: PROTOCOL.routing,
  bytes: (next) =>
    Buffer.concat([
      u8(next, 2 * addresses.length, type, segmentsLeft),
      type === 4 ? u8(Math.max(addresses.length - 1, 0), 0, 0, 0) : u32(0),
      ...addresses.map(addressBytes),
    ]),
});

/** A fragment header (RFC 8200, 4.5); the offset is in units of 8 bytes. */
export const fragment = (id: number, offset: number, more: boolean): Extension => ({
  number: PROTOCOL.fragment,
  bytes: (next) => Buffer.concat([u8(next, 0), u16((offset << 3) | (more ? 1 : 0)), u32(id)]),
});

/** Puts extension headers before a payload. @returns the number of the first header, and the bytes */
export const extended = (
  extensions: readonly Extension[],
  protocol: number,
  payload: Buffer,
): { readonly protocol: number; readonly payload: Buffer } =>
  extensions.reduceRight(
    (rest, extension) => ({
      protocol: extension.number,
      payload: Buffer.concat([extension.bytes(rest.protocol), rest.payload]),
    }),
    { protocol, payload },
  );

/** Returns the pieces of an IPv4 payload, each of up to `bytes` bytes (a multiple of 8). */
export const ipv4Fragments = (parts: IpParts, payload: Buffer, bytes: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(payload.length / bytes) }, (_, at) =>
    ipv4(
      { ...parts, offset: (at * bytes) / 8, more: (at + 1) * bytes < payload.length },
      payload.subarray(at * bytes, (at + 1) * bytes),
    ),
  );

/** Returns the pieces of an IPv6 payload, each of up to `bytes` bytes (a multiple of 8), with fragment headers. */
export const ipv6Fragments = (parts: IpParts, id: number, payload: Buffer, bytes: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(payload.length / bytes) }, (_, at) => {
    const piece = payload.subarray(at * bytes, (at + 1) * bytes);
    const header = fragment(id, (at * bytes) / 8, (at + 1) * bytes < payload.length);
    return ipv6({ ...parts, protocol: header.number }, Buffer.concat([header.bytes(parts.protocol), piece]));
  });
