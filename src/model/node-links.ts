import type { TunnelProtocol } from './node-network.ts';

/** An interface of the node that takes packets out of packets. */
export interface Tunnel {
  readonly device: string;
  /** What the outer packets are: UDP to these ports, or protocols of their own. */
  readonly ports: readonly number[];
  readonly protocols: readonly TunnelProtocol[];
  /** The node's end, canonical; undefined where it is any address of the node. */
  readonly local: string | undefined;
  /** The other ends, canonical, as far as they are told. */
  readonly peers: readonly string[];
  /** Why others than these and the nodes may send as well; undefined where none may. */
  readonly openBecause: string | undefined;
}

/** The node's interfaces, as far as the check of sources depends on them. */
export interface NodeLinks {
  /** The node's own addresses, canonical, sorted; none of loopback, of a dummy interface (IPVS) or of a single link. */
  readonly addresses: readonly string[];
  readonly bridges: ReadonlySet<string>;
  readonly tunnels: readonly Tunnel[];
}
