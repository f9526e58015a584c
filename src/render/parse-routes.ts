import ipaddr from 'ipaddr.js';
import type { HostRoutes } from '../model/host-routes.ts';

/** linux/route.h and linux/ipv6_route.h: a gateway, a refusal, an address of the node itself. */
const GATEWAY = 0x2;
const REJECT = 0x200;
const LOCAL = 0x8000_0000;

interface Route {
  readonly device: string;
  readonly address: string;
  readonly prefix: number;
  readonly flags: number;
}

const bytesOf = (hex: string): readonly number[] => hex.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];

const ones = (hex: string): number =>
  bytesOf(hex).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);

/** A line of /proc/net/route: Iface Destination Gateway Flags RefCnt Use Metric Mask …, numbers as a little-endian machine has them. */
const ipv4Route = (line: string): readonly Route[] => {
  const [device = '', destination = '', , flags = '', , , , mask = ''] = line.trim().split(/\s+/);
  if (!/^[0-9A-F]{8}$/.test(destination)) return [];
  const address = bytesOf(destination).toReversed().join('.');
  return [{ device, address, prefix: ones(mask), flags: Number.parseInt(flags, 16) }];
};

/** A line of /proc/net/ipv6_route: destination and its length, source and its length, gateway, three counts, flags, interface. */
const ipv6Route = (line: string): readonly Route[] => {
  const words = line.trim().split(/\s+/);
  const [destination = '', prefix = ''] = words;
  const [flags = '', device = ''] = words.slice(8);
  if (!/^[0-9a-f]{32}$/.test(destination)) return [];
  const address = new ipaddr.IPv6([...bytesOf(destination)]).toRFC5952String();
  return [{ device, address, prefix: Number.parseInt(prefix, 16), flags: Number.parseInt(flags, 16) }];
};

const isFor = ({ flags }: Route): boolean => (flags & REJECT) === 0 && (flags & LOCAL) === 0;

/**
 * Reads /proc/net/route, /proc/net/ipv6_route and /proc/net/dev; of IPv4 only the main table is there (proc(5)).
 */
export const parseHostRoutes = (ipv4: string, ipv6: string, devices: string): HostRoutes => {
  const ofIpv4 = ipv4.split('\n').flatMap(ipv4Route).filter(isFor);
  const ofIpv6 = ipv6.split('\n').flatMap(ipv6Route).filter(isFor);
  const leadsOut = ({ prefix, flags }: Route): boolean => prefix === 0 || (flags & GATEWAY) !== 0;
  const single = (routes: readonly Route[], bits: number) =>
    routes
      .filter((route) => route.prefix === bits && !leadsOut(route))
      .map(({ address, device }) => [address, device] as const);
  return {
    uplinks: new Set([...ofIpv4, ...ofIpv6].filter(leadsOut).map(({ device }) => device)),
    toAddress: new Map([...single(ofIpv4, 32), ...single(ofIpv6, 128)]),
    interfaces: new Set([...devices.matchAll(/^ *([^\s:]+):/gm)].map(([, name = '']) => name)),
  };
};
