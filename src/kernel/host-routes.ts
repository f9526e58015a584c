import type { HostRoutes } from '../model/host-routes.ts';
import { hostRoutes } from '../render/host-routes.ts';
import { readIfThere } from './read-if-there.ts';
import { readRoutes } from './routes.ts';

/** Reads the interfaces of the current network namespace from its routes. */
export const readHostRoutes = async (): Promise<HostRoutes> => {
  const routes = await Promise.all([readRoutes('ipv4'), readRoutes('ipv6')]);
  // After the routes: a removed interface loses its routes with it, and would otherwise seem to have lost only them.
  return hostRoutes(routes.flat(), await readIfThere('/proc/net/dev'));
};

/** Returns the names of the interfaces in the current network namespace. */
export const readInterfaces = async (): Promise<ReadonlySet<string>> =>
  hostRoutes([], await readIfThere('/proc/net/dev')).interfaces;

/** Returns the canonical addresses that have a route of their own. */
export const readRoutedAddresses = async (): Promise<ReadonlySet<string>> =>
  new Set((await readHostRoutes()).toAddress.keys());
