import { addressBytes, checksum, macBytes, padTo, transportChecksum, u16, u32, u8, withU16 } from './bytes.ts';
import { PROTOCOL } from './ip.ts';
import type { Ends } from './transport.ts';

/** Types of ICMP for IPv4 (RFC 792, RFC 950, RFC 1256). */
export const ICMP = {
  echoReply: 0,
  unreachable: 3,
  sourceQuench: 4,
  redirect: 5,
  echo: 8,
  routerAdvertisement: 9,
  routerSolicitation: 10,
  timeExceeded: 11,
  parameterProblem: 12,
  timestamp: 13,
  addressMask: 17,
  extendedEcho: 42,
} as const;

/** Types of ICMPv6 (RFC 4443, RFC 4861, RFC 2710, RFC 3810, and IANA). */
export const ICMPV6 = {
  unreachable: 1,
  tooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echo: 128,
  echoReply: 129,
  listenerQuery: 130,
  listenerReport: 131,
  listenerDone: 132,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
  nodeInformation: 139,
  inverseSolicitation: 141,
  listenerReport2: 143,
  homeAgent: 144,
  certificationPath: 148,
  multicastRouter: 151,
  routingLossy: 155,
  extendedEcho: 160,
  experimental: 200,
} as const;

/** Returns a message of ICMP for IPv4: type, code, four bytes that depend on the type, and the rest. */
export const icmp = (type: number, code: number, own: Buffer, rest: Buffer): Buffer => {
  const plain = Buffer.concat([u8(type, code), u16(0), own, rest]);
  return withU16(plain, 2, checksum(plain));
};

/** Returns a message of ICMPv6: type, code, four bytes that depend on the type, and the rest. */
export const icmpv6 = (ends: Ends, type: number, code: number, own: Buffer, rest: Buffer): Buffer => {
  const plain = Buffer.concat([u8(type, code), u16(0), own, rest]);
  return withU16(plain, 2, transportChecksum(ends.source, ends.destination, PROTOCOL.icmpv6, plain));
};

/** Returns an option of neighbour discovery (RFC 4861, 4.6), padded to a multiple of 8 bytes. */
export const ndOption = (type: number, data: Buffer): Buffer => {
  const body = padTo(Buffer.concat([u8(type, 0), data]), 8);
  body[1] = body.length / 8;
  return body;
};

/** Types of options of neighbour discovery. */
export const ND_OPTION = { sourceMac: 1, targetMac: 2, prefix: 3, route: 24, resolver: 25, experimental: 253 } as const;

/** Returns a neighbour solicitation of `target`. */
export const solicitation = (ends: Ends, target: string, options: Buffer): Buffer =>
  icmpv6(ends, ICMPV6.neighbourSolicitation, 0, u32(0), Buffer.concat([addressBytes(target), options]));

/** Returns a neighbour advertisement: solicited if `flags` has 0x40, overriding known addresses if it has 0x20. */
export const advertisement = (ends: Ends, target: string, flags: number, options: Buffer): Buffer =>
  icmpv6(ends, ICMPV6.neighbourAdvertisement, 0, u32(flags << 24), Buffer.concat([addressBytes(target), options]));

/** Returns a router advertisement of one 64-bit prefix for addresses (RFC 4862), valid for an hour. */
export const routerAdvertisement = (ends: Ends, lifetime: number, prefix: string, options: Buffer): Buffer =>
  icmpv6(
    ends,
    ICMPV6.routerAdvertisement,
    0,
    Buffer.concat([u8(64, 0), u16(lifetime)]),
    Buffer.concat([
      u32(0, 0),
      ndOption(ND_OPTION.prefix, Buffer.concat([u8(64, 0xc0), u32(3600, 3600, 0), addressBytes(prefix)])),
      options,
    ]),
  );

/** Returns a redirect of packets for `destination` to the neighbour `target`. */
export const redirect = (ends: Ends, target: string, destination: string, options: Buffer): Buffer =>
  icmpv6(ends, ICMPV6.redirect, 0, u32(0), Buffer.concat([addressBytes(target), addressBytes(destination), options]));

/** Returns the option that contains a hardware address. */
export const linkAddress = (type: number, mac: string): Buffer => ndOption(type, macBytes(mac));

/** Returns the group to which solicitations of an address are sent (RFC 4291, 2.7.1). */
export const solicitedNode = (target: string): string => {
  const bytes = addressBytes(target);
  const [high, middle, low] = [bytes[13] ?? 0, bytes[14] ?? 0, bytes[15] ?? 0];
  return `ff02::1:ff${high.toString(16).padStart(2, '0')}:${((middle << 8) | low).toString(16)}`;
};
