import type { Protocol } from '../model/protocol.ts';
import type { Cidr, IpBlock } from '../policy/cidr.ts';
import type { Peer, PortTargets } from '../policy/node-policy.ts';
import type { SetName } from './names.ts';

/** Destinations at which a port name is resolved. */
export type PortScope =
  | { readonly kind: 'any' }
  | Extract<Peer, { kind: 'pods' }>
  | { readonly kind: 'blocks'; readonly blocks: readonly IpBlock[] };

/** A port name with its numbers. */
export interface NamedTargets {
  readonly protocol: Protocol;
  readonly name: string;
  readonly targets: PortTargets;
}

/** Names the sets that the rules of one family need. The same content always has the same set. */
export interface SetBuilder {
  /** Returns the set of the addresses of the pods that a peer selects. */
  pods(peer: Extract<Peer, { kind: 'pods' }>): SetName;
  /** Returns the set of at least two blocks, none of which is every address. */
  blocks(blocks: readonly Cidr[]): SetName;
  /** Returns the set of a block's excepts. Membership never allows. */
  excepts(holes: readonly Cidr[]): SetName;
  /** Returns the set of address and number of the named port at the destinations in scope. */
  namedPort(scope: PortScope, port: NamedTargets): SetName;
  /** Reports whether the set is known, so that its rules need not be compiled again. */
  knows(name: SetName): boolean;
}
