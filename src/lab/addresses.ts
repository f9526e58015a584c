import ipaddr from 'ipaddr.js';
import type { IpFamily } from '../model/family.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const parse = (text: string): Address => {
  if (!ipaddr.isValid(text) || (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)))
    throw new Error(`lab: ${JSON.stringify(text)} is not an IP address`);
  return ipaddr.parse(text);
};

/** Returns the family of an address. @throws if `text` is not an address */
export const familyOf = (text: string): IpFamily => parse(text).kind();

/** Returns the canonical text of an address (RFC 5952 for IPv6). @throws if `text` is not an address */
export const canonical = (text: string): string => parse(text).toString();

export const ofFamily = (family: IpFamily, addresses: readonly string[]): readonly string[] =>
  addresses.filter((address) => familyOf(address) === family);

/** Returns the family of a range in CIDR notation. */
export const familyOfCidr = (cidr: string): IpFamily => familyOf(cidr.split('/', 1)[0] ?? '');

/** Returns the range with only this address: /32 or /128. */
export const hostCidr = (address: string): string => `${address}/${familyOf(address) === 'ipv4' ? '32' : '128'}`;

export const prefixLength = (cidr: string): number => Number(cidr.split('/')[1]);

export const inCidr = (address: string, cidr: string): boolean => {
  const [network, length] = ipaddr.parseCIDR(cidr);
  const parsed = parse(address);
  return parsed.kind() === network.kind() && parsed.match([network, length]);
};

/**
 * Returns the `index`th address of a range, counted from the network address (index 0).
 * @throws RangeError if the range is shorter
 */
export const nthAddress = (cidr: string, index: number): string => {
  const [network] = ipaddr.parseCIDR(cidr);
  const bytes = network.toByteArray();
  let carry = index;
  for (let at = bytes.length - 1; at >= 0 && carry > 0; at -= 1) {
    const sum = (bytes[at] ?? 0) + carry;
    bytes[at] = sum % 256;
    carry = Math.floor(sum / 256);
  }
  const address = ipaddr.fromByteArray(bytes).toString();
  if (carry > 0 || !inCidr(address, cidr)) throw new RangeError(`lab: ${cidr} has no address number ${String(index)}`);
  return address;
};

/** The router's link-local address on every link of the lab: the next hop of all IPv6 default routes. */
export const LINK_LOCAL_ROUTER = 'fe80::1';

/**
 * Returns a link-local address for the other end of a link, set by hand so that nothing waits for DAD (RFC 4862). Without
 * one, a router could not solicit the neighbours of the packets that it forwards (RFC 4861, 7.2.2).
 */
export const linkLocal = (index: number): string => `fe80::1:${(index + 1).toString(16)}`;

/**
 * Derives a hardware address from an IP address, as Docker does: when another pod takes over the address, its neighbours'
 * caches stay valid.
 */
export const macFor = (address: string): string => {
  const bytes = [0, ...parse(address).toByteArray()].slice(-5);
  return ['02', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
};
