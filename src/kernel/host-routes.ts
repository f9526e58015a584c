import type { HostRoutes } from '../model/host-routes.ts';
import { hostRoutes } from '../render/host-routes.ts';
import { readIfThere } from './read-if-there.ts';
import { readRoutes } from './routes.ts';

/** What the routes of the present network namespace tell of its interfaces. */
export const readHostRoutes = async (): Promise<HostRoutes> => {
  const routes = await Promise.all([readRoutes('ipv4'), readRoutes('ipv6')]);
  // After the routes: an interface that goes takes its routes with it, and would else seem to have lost them.
  return hostRoutes(routes.flat(), await readIfThere('/proc/net/dev'));
};

/** The names of the interfaces in the present network namespace. */
export const readInterfaces = async (): Promise<ReadonlySet<string>> =>
  hostRoutes([], await readIfThere('/proc/net/dev')).interfaces;

/** The addresses that a route of their own leads to, canonical. */
export const readRoutedAddresses = async (): Promise<ReadonlySet<string>> =>
  new Set((await readHostRoutes()).toAddress.keys());
