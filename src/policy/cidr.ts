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

const DOT = 46;
const ZERO = 48;

/** Reads dotted decimal as a number. A policy can have tens of thousands of addresses. */
const parseIpv4 = (text: string): number | undefined => {
  let value = 0;
  let part = 0;
  let digits = 0;
  let parts = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT && digits > 0) {
      value = value * 256 + part;
      part = 0;
      digits = 0;
      parts += 1;
      continue;
    }
    if (code < ZERO || code > ZERO + 9) return undefined;
    part = part * 10 + code - ZERO;
    digits += 1;
    if (digits > 3 || part > 255) return undefined;
  }
  return parts === 4 && digits > 0 ? value * 256 + part : undefined;
};

const toBigInt = (bytes: readonly number[]): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/**
 * Reads an address as the API server does: dotted decimal of four parts (leading zeros are decimal, never octal) or
 * RFC 4291 text without a zone. Returns undefined for anything else, also for IPv4-mapped IPv6, whose family is ambiguous.
 */
export const parseAddress = (text: string): Cidr | undefined => {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined) return { family: 'ipv4', base: BigInt(ipv4), prefix: 32 };
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) return undefined;
  return { family: 'ipv6', base: toBigInt(address.toByteArray()), prefix: 128 };
};

const masksOf = (bits: number): readonly bigint[] =>
  Array.from({ length: bits + 1 }, (_, prefix) => ((1n << BigInt(prefix)) - 1n) << BigInt(bits - prefix));

/** Network masks, by prefix length. */
const MASKS: Readonly<Record<IpFamily, readonly bigint[]>> = { ipv4: masksOf(32), ipv6: masksOf(128) };

const blockMask = (family: IpFamily, prefix: number): bigint => MASKS[family][prefix] ?? 0n;

/** Returns the block of the given prefix length that contains the address. */
export const blockOf = (address: Cidr, prefix: number): Cidr => ({
  family: address.family,
  base: address.base & blockMask(address.family, prefix),
  prefix,
});

/** Reads `address/prefix` (RFC 4632, RFC 4291), and clears the bits past the prefix, as the API server does. */
export const parseCidr = (text: string): Cidr | undefined => {
  const slash = text.indexOf('/');
  const prefixText = slash < 0 ? '' : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefixText)) return undefined;
  const address = parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
  const prefix = Number(prefixText);
  return prefix <= ADDRESS_BITS[address.family] ? blockOf(address, prefix) : undefined;
};

/** Reports whether every address of `inner` is in `outer`. */
export const covers = (outer: Cidr, inner: Cidr): boolean =>
  outer.family === inner.family &&
  outer.prefix <= inner.prefix &&
  (inner.base & blockMask(outer.family, outer.prefix)) === outer.base;

const toBytes = (value: bigint, count: number): number[] =>
  Array.from({ length: count }, (_, at) => Number((value >> BigInt(8 * (count - 1 - at))) & 0xffn));

/** Returns the canonical text of an address: dotted decimal, or RFC 5952. */
export const formatAddress = ({ family, base }: Pick<Cidr, 'family' | 'base'>): string => {
  if (family === 'ipv6') return new ipaddr.IPv6(toBytes(base, ADDRESS_BITS.ipv6 / 8)).toRFC5952String();
  const value = Number(base);
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
};

/** Returns the canonical `address/prefix`. */
export const formatCidr = (cidr: Cidr): string => `${formatAddress(cidr)}/${cidr.prefix}`;

/** Compares blocks by family, then address, then size with the larger block first. */
export const compareCidrs = (a: Cidr, b: Cidr): number => {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  if (a.base !== b.base) return a.base < b.base ? -1 : 1;
  return a.prefix - b.prefix;
};

/** Returns the two halves of a block that is not a single address. */
const halves = ({ family, base, prefix }: Cidr): readonly [Cidr, Cidr] => {
  const bit = 1n << BigInt(ADDRESS_BITS[family] - prefix - 1);
  return [
    { family, base, prefix: prefix + 1 },
    { family, base: base | bit, prefix: prefix + 1 },
  ];
};

/** Returns the IP family of canonical address text. */
export const familyOf = (address: string): IpFamily => (address.includes(':') ? 'ipv6' : 'ipv4');

/** An ipBlock of a peer: the addresses of `cidr` that are in none of `except`. */
export interface IpBlock {
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

/** Reports whether the block admits the address (a Cidr of full length). */
export const admits = ({ cidr, except }: IpBlock, address: Cidr): boolean =>
  covers(cidr, address) && !except.some((hole) => covers(hole, address));

/** Reports whether the block admits one of the addresses, given as text. */
export const admitsAny = (block: IpBlock, addresses: readonly string[]): boolean =>
  addresses.some((text) => {
    const address = parseAddress(text);
    return address !== undefined && admits(block, address);
  });

const carve = (block: Cidr, holes: readonly Cidr[]): readonly Cidr[] => {
  const inside = holes.filter((hole) => covers(block, hole));
  if (holes.some((hole) => covers(hole, block))) return [];
  if (inside.length === 0) return [block];
  const [low, high] = halves(block);
  return [...carve(low, inside), ...carve(high, inside)];
};

const dropCovered = (sorted: readonly Cidr[]): Cidr[] => {
  const kept: Cidr[] = [];
  for (const each of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !covers(last, each)) kept.push(each);
  }
  return kept;
};

const mergeSiblings = (sorted: readonly Cidr[]): Cidr[] => {
  const stack: Cidr[] = [];
  for (const each of sorted) {
    let block = each;
    for (;;) {
      const last = stack.at(-1);
      if (last?.prefix !== block.prefix || block.prefix === 0) break;
      const parent: Cidr = { ...last, prefix: last.prefix - 1 };
      const [low, high] = halves(parent);
      if (low.base !== last.base || high.base !== block.base || low.family !== block.family) break;
      stack.pop();
      block = parent;
    }
    stack.push(block);
  }
  return stack;
};

/**
 * Returns the fewest blocks with exactly the addresses that at least one of the ipBlocks admits. The excepts of a block
 * apply to that block only: another block may admit the same addresses.
 */
export const unionOfBlocks = (blocks: readonly IpBlock[]): readonly Cidr[] =>
  mergeSiblings(dropCovered(blocks.flatMap(({ cidr, except }) => carve(cidr, except)).sort(compareCidrs)));
