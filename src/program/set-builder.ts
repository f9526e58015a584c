import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { Protocol } from '../model/protocol.ts';
import { type Cidr, familyOf } from '../policy/cidr.ts';
import type { IpBlock } from '../policy/ip-block.ts';
import type { Peer, PortTargets } from '../policy/node-policy.ts';
import type { SetName } from './names.ts';

/** Destinations among which a port name is resolved. */
export type PortScope =
  | { readonly kind: 'any' }
  | Extract<Peer, { kind: 'pods' }>
  | { readonly kind: 'blocks'; readonly blocks: readonly IpBlock[] };

/** A port name and what it stands for. */
export interface NamedTargets {
  readonly protocol: Protocol;
  readonly name: string;
  readonly targets: PortTargets;
}

/** Gives the names of the sets that the rules of one family need. The same content asked for twice is one set. */
export interface SetBuilder {
  /** The addresses of the pods that a selector peer means. */
  pods(peer: Extract<Peer, { kind: 'pods' }>): SetName;
  /** The blocks, at least two, none of them everything. */
  blocks(blocks: readonly Cidr[]): SetName;
  /** The excepts of a block: to be in there never allows. */
  excepts(holes: readonly Cidr[]): SetName;
  /** Address and number of the named port, for the destinations in scope. */
  namedPort(scope: PortScope, port: NamedTargets): SetName;
  /** Whether a set that was asked for need not be asked for again. */
  knows(name: SetName): boolean;
}

/** The pod's addresses of the family. */
export const addressesOf = (pod: PodEndpoint, family: IpFamily): readonly string[] =>
  pod.ips.filter((ip) => familyOf(ip) === family);
