import { endianness } from 'node:os';
import type { IpFamily } from '../model/family.ts';
import { parseIpv4Routes, parseIpv6Routes, type Route } from '../render/parse-routes.ts';
import { readIfThere } from './read-if-there.ts';

/** Returns the routes of the current network namespace; none for a family that the kernel lacks. */
export const readRoutes = async (family: IpFamily): Promise<readonly Route[]> =>
  family === 'ipv4'
    ? parseIpv4Routes(await readIfThere('/proc/net/route'), endianness() === 'LE')
    : parseIpv6Routes(await readIfThere('/proc/net/ipv6_route'));
