import ipaddr from 'ipaddr.js';

/** Returns the bytes of an IPv4 or IPv6 address. @throws if `text` is not an address */
export const addressBytes = (text: string): Buffer => Buffer.from(ipaddr.parse(text).toByteArray());

/** Returns the six bytes of a hardware address such as `02:00:00:00:00:01`. */
export const macBytes = (text: string): Buffer => {
  const bytes = Buffer.from(text.replaceAll(':', ''), 'hex');
  if (bytes.length !== 6) throw new Error(`frames: ${JSON.stringify(text)} is not a hardware address`);
  return bytes;
};

export const u8 = (...values: readonly number[]): Buffer => Buffer.from(values);

/** Returns 16-bit numbers in network byte order. */
export const u16 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, 2 * at);
  return bytes;
};

/** Returns 32-bit numbers in network byte order. */
export const u32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * at);
  return bytes;
};

/** Returns `bytes` with zeros appended, up to a multiple of `unit` bytes. */
export const padTo = (bytes: Buffer, unit: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((unit - (bytes.length % unit)) % unit)]);

/** Returns the internet checksum of RFC 1071. */
export const checksum = (bytes: Buffer): number => {
  const even = padTo(bytes, 2);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
};

/** Returns a copy of `bytes` whose 16 bits at `offset` are `value`. */
export const withU16 = (bytes: Buffer, offset: number, value: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.writeUInt16BE(value & 0xffff, offset);
  return copy;
};

/**
 * Returns the checksum of an IP payload, with the pseudo-header of RFC 9293 (IPv4) or RFC 8200, 8.1 (IPv6). The checksum
 * field of `body` must be 0.
 */
export const transportChecksum = (source: string, destination: string, protocol: number, body: Buffer): number => {
  const ends = Buffer.concat([addressBytes(source), addressBytes(destination)]);
  const rest = ends.length === 8 ? u16(protocol, body.length) : u32(body.length, protocol);
  return checksum(Buffer.concat([ends, rest, body]));
};

/** Returns the link-local address that belongs to a hardware address (RFC 4291, appendix A). */
export const linkLocalOf = (mac: string): string => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(mac);
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return ipaddr.parse(`fe80::${groups.map((group) => group.toString(16)).join(':')}`).toString();
};
