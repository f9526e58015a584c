import type { HostRoutes } from '../model/host-routes.ts';
import { parseHostRoutes } from '../render/parse-routes.ts';
import { readIfThere } from './read-if-there.ts';

/** The routes of the present network namespace. */
export const readHostRoutes = async (): Promise<HostRoutes> => {
  const [ipv4, ipv6] = await Promise.all([readIfThere('/proc/net/route'), readIfThere('/proc/net/ipv6_route')]);
  // After the routes: an interface that goes takes its routes with it, and would else seem to have lost them.
  return parseHostRoutes(ipv4, ipv6, await readIfThere('/proc/net/dev'));
};
