import ipaddr from 'ipaddr.js';

/** Four decimal parts of up to 255 without leading zeros. Several times as fast as ipaddr's isValidFourPartDecimal. */
const FOUR_DECIMALS = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * Returns the one spelling of an address: four decimal parts, or RFC 5952 for IPv6; an IPv4-mapped IPv6 address as
 * IPv4. Returns undefined for anything else, also for other spellings of IPv4 (octal, hexadecimal, fewer parts) and
 * zone identifiers.
 */
export const canonicalAddress = (text: string): string | undefined => {
  if (FOUR_DECIMALS.test(text)) return text;
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
};

export const isIPv6 = (canonical: string): boolean => canonical.includes(':');

/** Returns the canonical addresses in the order given, without invalid ones, one per family (core/v1 PodStatus.podIPs). */
export const onePerFamily = (texts: readonly string[]): readonly string[] => {
  let first: string | undefined;
  for (const text of texts) {
    const address = canonicalAddress(text);
    if (address === undefined) continue;
    if (first === undefined) first = address;
    // A literal array takes no spare room: an array that grows reserves sixteen more elements.
    else if (isIPv6(first) !== isIPv6(address)) return [first, address];
  }
  return first === undefined ? [] : [first];
};
