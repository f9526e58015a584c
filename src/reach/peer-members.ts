import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import type { NodePolicy, Peer } from '../policy/node-policy.ts';
import { describePeer } from '../trace/describe.ts';

/** A peer that selects: by labels or by addresses. */
export type SelectingPeer = Exclude<Peer, { kind: 'any' }>;

/** Text that is equal exactly for peers that mean the same addresses. */
export const memberKey = (peer: SelectingPeer): string =>
  peer.kind === 'pods' ? `pods ${peer.key}` : `block ${describePeer(peer)}`;

/** The different peers of all rules of a direction. */
export const peersOf = ({ isolations }: NodePolicy, direction: Direction): readonly SelectingPeer[] => {
  const objects = new Set(
    isolations
      .filter((each) => each.direction === direction)
      .flatMap(({ rules }) => rules.flatMap(({ peers }) => peers)),
  );
  const byKey = new Map<string, SelectingPeer>();
  for (const peer of objects) if (peer.kind !== 'any') byKey.set(memberKey(peer), peer);
  return [...byKey.values()];
};

/** Reports whether a peer can mean an address of the family. */
export const isOfFamily = (peer: SelectingPeer, family: IpFamily): boolean =>
  peer.kind === 'pods' || peer.block.cidr.family === family;
