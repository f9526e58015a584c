import type { IpFamily } from './family.ts';

/** IP protocols that carry packets in packets, as iptables names them: IPIP (4), 6in4 (41) and GRE (47). */
export type TunnelProtocol = 'ipencap' | 'ipv6' | 'gre';

/** What of the node's own network the rules depend on. A new object wherever anything of it changed. */
export interface NodeNetwork {
  /** The node's own addresses, canonical; none of loopback or of a single link. */
  readonly addresses: readonly string[];
  /** The addresses of all nodes that are known, its own and the ends of tunnels among them; canonical. */
  readonly nodes: readonly string[];
  /** The bridges that pods of the node are attached to. */
  readonly bridges: readonly string[];
  /** UDP ports that tunnels of the node listen on. */
  readonly tunnelPorts: readonly number[];
  readonly tunnelProtocols: readonly TunnelProtocol[];
  /** Those of the ports to which nobody but a known node may send, by family. */
  readonly closedPorts: Readonly<Record<IpFamily, readonly number[]>>;
}
