import type { HostRoutes } from '../model/host-routes.ts';
import { ADDRESS_BITS, formatAddress } from '../policy/cidr.ts';
import { isRefusal, type Route } from './parse-routes.ts';

/** RTF_GATEWAY of linux/route.h. */
const GATEWAY = 0x2;
/** RTF_LOCAL of linux/ipv6_route.h: an address of the node itself. */
export const LOCAL = 0x8000_0000;

const isToOthers = (route: Route): boolean => !isRefusal(route) && (route.flags & LOCAL) === 0;

const leadsOut = ({ block, flags }: Route): boolean => block.prefix === 0 || (flags & GATEWAY) !== 0;

const isToOneAddress = (route: Route): boolean =>
  route.block.prefix === ADDRESS_BITS[route.block.family] && !leadsOut(route);

/** Returns the node's interfaces, from routes of both families and the text of /proc/net/dev. */
export const hostRoutes = (routes: readonly Route[], devices: string): HostRoutes => {
  const toOthers = routes.filter(isToOthers);
  return {
    uplinks: new Set(toOthers.filter(leadsOut).map(({ device }) => device)),
    toAddress: new Map(toOthers.filter(isToOneAddress).map(({ block, device }) => [formatAddress(block), device])),
    interfaces: new Set([...devices.matchAll(/^ *([^\s:]+):/gm)].map(([, name = '']) => name)),
  };
};
