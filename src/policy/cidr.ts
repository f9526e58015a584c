import ipaddr from 'ipaddr.js';
import type { IpFamily } from '../model/family.ts';

/** A block of addresses: `base` has no bit set past `prefix`. */
export interface Cidr {
  readonly family: IpFamily;
  readonly base: bigint;
  /** Leading bits that are fixed: 0 to 32, or 0 to 128. */
  readonly prefix: number;
}

/** Bits of an address. */
export const ADDRESS_BITS: Readonly<Record<IpFamily, number>> = { ipv4: 32, ipv6: 128 };

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

const toBigInt = (bytes: readonly number[]): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/**
 * Reads an address as the API server does: dotted decimal of four parts (leading zeros are decimal, never octal) or
 * RFC 4291 text without a zone. Undefined for anything else, IPv4-mapped IPv6 included, whose family is ambiguous.
 */
export const parseAddress = (text: string): Cidr | undefined => {
  if (IPV4.test(text)) {
    const bytes = text.split('.').map(Number);
    return bytes.every((byte) => byte <= 255) ? { family: 'ipv4', base: toBigInt(bytes), prefix: 32 } : undefined;
  }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) return undefined;
  return { family: 'ipv6', base: toBigInt(address.toByteArray()), prefix: 128 };
};

const blockMask = (family: IpFamily, prefix: number): bigint => {
  const bits = ADDRESS_BITS[family];
  return ((1n << BigInt(prefix)) - 1n) << BigInt(bits - prefix);
};

/** The block of the given prefix that holds the address. */
export const blockOf = (address: Cidr, prefix: number): Cidr => ({
  family: address.family,
  base: address.base & blockMask(address.family, prefix),
  prefix,
});

/** Reads `address/prefix` (RFC 4632, RFC 4291); bits past the prefix are cleared, as the API server does. */
export const parseCidr = (text: string): Cidr | undefined => {
  const [addressText = '', prefixText = '', ...more] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || more.length > 0 || !/^\d{1,3}$/.test(prefixText)) return undefined;
  const prefix = Number(prefixText);
  return prefix <= ADDRESS_BITS[address.family] ? blockOf(address, prefix) : undefined;
};

/** Whether every address of `inner` lies in `outer`. */
export const covers = (outer: Cidr, inner: Cidr): boolean =>
  outer.family === inner.family &&
  outer.prefix <= inner.prefix &&
  (inner.base & blockMask(outer.family, outer.prefix)) === outer.base;

const toBytes = (value: bigint, count: number): number[] =>
  Array.from({ length: count }, (_, at) => Number((value >> BigInt(8 * (count - 1 - at))) & 0xffn));

/** Canonical text of the address: dotted decimal, or RFC 5952. */
export const formatAddress = ({ family, base }: Pick<Cidr, 'family' | 'base'>): string => {
  const bytes = toBytes(base, ADDRESS_BITS[family] / 8);
  return family === 'ipv4' ? bytes.join('.') : new ipaddr.IPv6(bytes).toRFC5952String();
};

/** Canonical `address/prefix`. */
export const formatCidr = (cidr: Cidr): string => `${formatAddress(cidr)}/${cidr.prefix}`;

/** Order by family, then address, then size, the larger block first. */
export const compareCidrs = (a: Cidr, b: Cidr): number => {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  if (a.base !== b.base) return a.base < b.base ? -1 : 1;
  return a.prefix - b.prefix;
};

/** The two halves of a block that is not a single address. */
export const halves = ({ family, base, prefix }: Cidr): readonly [Cidr, Cidr] => {
  const bit = 1n << BigInt(ADDRESS_BITS[family] - prefix - 1);
  return [
    { family, base, prefix: prefix + 1 },
    { family, base: base | bit, prefix: prefix + 1 },
  ];
};

/** The IP family of canonical address text. */
export const familyOf = (address: string): IpFamily => (address.includes(':') ? 'ipv6' : 'ipv4');
