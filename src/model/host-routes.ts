/** The interfaces of the node's routes. */
export interface HostRoutes {
  /** Interfaces that lead to other machines: those of default routes and of routes through a gateway. */
  readonly uplinks: ReadonlySet<string>;
  /** Interfaces by the single canonical address that is routed to them. */
  readonly toAddress: ReadonlyMap<string, string>;
  /** All interfaces. */
  readonly interfaces: ReadonlySet<string>;
}
