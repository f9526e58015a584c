import type { IpFamily } from './family.ts';

/** IP protocols that encapsulate packets, as iptables names them: IPIP (4), 6in4 (41) and GRE (47). */
export type TunnelProtocol = 'ipencap' | 'ipv6' | 'gre';

/** The parts of the node's own network that the rules depend on. A change makes a new object. */
export interface NodeNetwork {
  /** The node's own canonical addresses, without those of loopback and of a single link. */
  readonly addresses: readonly string[];
  /** Canonical addresses of all known nodes, including its own and the ends of tunnels. */
  readonly nodes: readonly string[];
  /** The bridges that the node's pods are attached to. */
  readonly bridges: readonly string[];
  /** UDP ports that the node's tunnels listen on. */
  readonly tunnelPorts: readonly number[];
  readonly tunnelProtocols: readonly TunnelProtocol[];
  /** Ports to which only known nodes may send, by family. */
  readonly closedPorts: Readonly<Record<IpFamily, readonly number[]>>;
}
