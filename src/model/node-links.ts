import type { TunnelProtocol } from './node-network.ts';

/** An interface of the node that unpacks packets. */
export interface Tunnel {
  readonly device: string;
  /** The UDP ports of the outer packets, or their protocols. */
  readonly ports: readonly number[];
  readonly protocols: readonly TunnelProtocol[];
  /** The node's end, canonical; undefined for any address of the node. */
  readonly local: string | undefined;
  /** The known other ends, canonical. */
  readonly peers: readonly string[];
  /** Why senders other than these and the nodes are possible; undefined if there are none. */
  readonly openBecause: string | undefined;
}

/** The parts of the node's interfaces that source validation depends on. */
export interface NodeLinks {
  /** The node's own canonical addresses, sorted, without those of loopback, dummy interfaces (IPVS) and a single link. */
  readonly addresses: readonly string[];
  readonly bridges: ReadonlySet<string>;
  readonly tunnels: readonly Tunnel[];
}
