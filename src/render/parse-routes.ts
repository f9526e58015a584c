import type { Cidr } from '../policy/cidr.ts';

/** A route: of IPv4 from the main table, of IPv6 from any table. */
export interface Route {
  readonly device: string;
  /** The destinations. */
  readonly block: Cidr;
  /** RTF_ flags of linux/route.h and linux/ipv6_route.h. */
  readonly flags: number;
}

const words = (line: string): readonly string[] => line.trim().split(/\s+/);

const reversed = (hex: string): string => (hex.match(/../g) ?? []).toReversed().join('');

const ones = (hex: string): number => BigInt(`0x${hex}`).toString(2).replaceAll('0', '').length;

/**
 * Parses /proc/net/route: device, destination, gateway, flags and, as the eighth word, the mask. The kernel prints addresses
 * as numbers in the machine's byte order. The file has only the main table (proc(5)).
 */
export const parseIpv4Routes = (text: string, isLittleEndian: boolean): readonly Route[] =>
  text
    .split('\n')
    .map(words)
    .flatMap(([device = '', destination = '', , flags = '', , , , mask = '']) => {
      if (!/^[0-9A-F]{16}$/.test(destination + mask)) return [];
      const base = BigInt(`0x${isLittleEndian ? reversed(destination) : destination}`);
      return [{ device, block: { family: 'ipv4', base, prefix: ones(mask) }, flags: Number.parseInt(flags, 16) }];
    });

/**
 * Parses /proc/net/ipv6_route: destination and its length, source and its length, gateway, three counts, flags, device.
 * Numbers are hexadecimal, addresses in network byte order.
 */
export const parseIpv6Routes = (text: string): readonly Route[] =>
  text
    .split('\n')
    .map(words)
    .flatMap(([destination = '', length = '', , , , , , , flags = '', device = '']) => {
      if (device === '' || !/^[0-9a-f]{32}$/.test(destination)) return [];
      const block = { family: 'ipv6', base: BigInt(`0x${destination}`), prefix: Number.parseInt(length, 16) } as const;
      return [{ device, block, flags: Number.parseInt(flags, 16) }];
    });

/** RTF_REJECT: such packets are not forwarded. */
const REJECT = 0x200;

export const isRefusal = ({ flags }: Route): boolean => (flags & REJECT) !== 0;
