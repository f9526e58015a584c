import type { IpFamily } from '../model/family.ts';
import { familyOf, formatAddress, parseAddress } from '../policy/cidr.ts';
import type { Element } from './bridge-program.ts';

/** Linux names an interface with any bytes but `/`, white space and `:` (dev_valid_name); these are what plugins use. */
const SOUND_NAME = /^[A-Za-z0-9_.@-]{1,15}$/;

/** Reports whether the name can be part of nft text. */
export const isSoundPort = (name: string): boolean => SOUND_NAME.test(name);

/** Returns a sound name in nft's format. */
export const portElement = (port: string): Element => `"${port}"` as Element;

export const addressElement = (address: string): Element => address as Element;

/** Returns a port together with an address or a MAC. */
export const ofPort = (port: string, value: string): Element => `"${port}" . ${value}` as Element;

/** Returns a number of 128 bits in nft's format. */
export const numberText = (value: bigint): string => `0x${value.toString(16).padStart(32, '0')}`;

/** Returns an IPv6 address as a number, as nft prints values without a type; undefined for an invalid address. */
export const addressNumber = (address: string): string | undefined => {
  const parsed = parseAddress(address);
  return parsed?.family === 'ipv6' ? numberText(parsed.base) : undefined;
};

/** Returns the canonical link-local address that a host derives from its MAC (RFC 4291, appendix A). */
export const linkLocalOf = (mac: string): string => {
  const [first = 0, ...rest] = mac.split(':').map((part) => Number.parseInt(part, 16));
  const bytes = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  const identifier = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return formatAddress({ family: 'ipv6', base: (0xfe80n << 112n) | identifier });
};

export const ofFamily = (addresses: readonly string[], family: IpFamily): readonly string[] =>
  addresses.filter((address) => familyOf(address) === family);
