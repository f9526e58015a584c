/** The node's routes, as far as they tell which interface is whose. */
export interface HostRoutes {
  /** Interfaces by which other machines are reached: those of default routes and of routes by way of a gateway. */
  readonly uplinks: ReadonlySet<string>;
  /** Interfaces by the single address that is routed to them, canonical. */
  readonly toAddress: ReadonlyMap<string, string>;
  /** All that there are. */
  readonly interfaces: ReadonlySet<string>;
}
