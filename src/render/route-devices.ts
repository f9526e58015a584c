import type { IpFamily } from '../model/family.ts';
import { type Cidr, covers, parseAddress } from '../policy/cidr.ts';

/** Where packets to a block of addresses leave the node. */
export interface RouteDevice {
  readonly block: Cidr;
  readonly device: string;
}

/** RTF_REJECT of linux/route.h: packets go nowhere. */
const REJECT = 0x200;

const ofHex = (text: string): bigint => BigInt(`0x${text === '' ? '0' : text}`);

const reversed = (hex: string): string => (hex.match(/../g) ?? []).toReversed().join('');

const bitsIn = (mask: bigint): number => mask.toString(2).replaceAll('0', '').length;

const words = (line: string): readonly string[] => line.trim().split(/\s+/);

/**
 * Reads /proc/net/route: device, destination, gateway, flags and, as the eighth word, the mask. The kernel prints addresses
 * as numbers of the machine's own byte order.
 */
export const ipv4Routes = (text: string, isLittleEndian: boolean): readonly RouteDevice[] =>
  text
    .split('\n')
    .slice(1)
    .map(words)
    .flatMap(([device = '', destination = '', , flags = '', , , , mask = '']) => {
      if (mask === '' || (Number.parseInt(flags, 16) & REJECT) !== 0) return [];
      const number = (hex: string): bigint => ofHex(isLittleEndian ? reversed(hex) : hex);
      return [{ device, block: { family: 'ipv4', base: number(destination), prefix: bitsIn(number(mask)) } }];
    });

/** Reads /proc/net/ipv6_route: destination and prefix length in hexadecimal come first, the device last. */
export const ipv6Routes = (text: string): readonly RouteDevice[] =>
  text
    .split('\n')
    .map(words)
    .flatMap(([destination = '', prefix = '', , , , , , , flags = '', device = '']) => {
      if (device === '' || (Number.parseInt(flags, 16) & REJECT) !== 0) return [];
      return [{ device, block: { family: 'ipv6', base: ofHex(destination), prefix: Number.parseInt(prefix, 16) } }];
    });

/** The devices that the addresses of a family are reached by: for each the one of its longest prefix. */
export const devicesTo = (
  addresses: Iterable<string>,
  family: IpFamily,
  routes: readonly RouteDevice[],
): ReadonlySet<string> => {
  const longestFirst = routes.toSorted((a, b) => b.block.prefix - a.block.prefix);
  const devices = [...addresses].flatMap((text) => {
    const address = parseAddress(text);
    if (address?.family !== family) return [];
    return longestFirst.find(({ block }) => covers(block, address))?.device ?? [];
  });
  return new Set(devices);
};
