import ipaddr from 'ipaddr.js';

/** Up to 255 each, without leading zeros: ipaddr's isValidFourPartDecimal, which takes several times as long to say it. */
const FOUR_DECIMALS = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * The one spelling of an address: four decimal parts, or RFC 5952 for IPv6; an IPv4-mapped IPv6 address is its IPv4 one.
 * Undefined for anything else, also for other spellings of IPv4 (octal, hexadecimal, fewer parts) and zone identifiers.
 */
export const canonicalAddress = (text: string): string | undefined => {
  if (FOUR_DECIMALS.test(text)) return text;
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
};

export const isIPv6 = (canonical: string): boolean => canonical.includes(':');

/** Canonical addresses in the order given, without invalid ones, at most one per family (core/v1 PodStatus.podIPs). */
export const onePerFamily = (texts: readonly string[]): readonly string[] => {
  let first: string | undefined;
  for (const text of texts) {
    const address = canonicalAddress(text);
    if (address === undefined) continue;
    if (first === undefined) first = address;
    // An array of just what it holds: one that grows keeps room for sixteen more.
    else if (isIPv6(first) !== isIPv6(address)) return [first, address];
  }
  return first === undefined ? [] : [first];
};
