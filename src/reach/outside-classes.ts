import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import { parseAddress } from '../policy/cidr.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { type AddressRange, addressOutside, outsideRanges, rangesOfBlock } from '../trace/outside.ts';
import { createAddressOrder } from './address-order.ts';
import { createPartition } from './partition.ts';
import { isOfFamily, peersOf, type SelectingPeer } from './peer-members.ts';

/** Addresses outside the cluster that no rule of a direction tells apart. */
export interface OutsideClass {
  readonly family: IpFamily;
  /** In order. */
  readonly ranges: readonly AddressRange[];
  /** One of the addresses. */
  readonly sample: string;
}

export interface OutsideClasses {
  readonly classes: readonly OutsideClass[];
  /** The classes that a peer means. */
  meant(peer: SelectingPeer): readonly number[];
}

/**
 * Puts the addresses outside into classes, as sources for ingress, as destinations for egress.
 *
 * @param inside addresses of pods and nodes
 */
export const classifyOutside = (
  policy: NodePolicy,
  direction: Direction,
  family: IpFamily,
  inside: ReadonlySet<string>,
): OutsideClasses => {
  const parts = outsideRanges(policy, direction, family).flatMap((range) => {
    const sample = addressOutside(range, inside);
    return sample === undefined ? [] : [{ range, sample }];
  });
  // A rule's block holds all of a range or nothing of it: its first address outside speaks for it.
  const order = createAddressOrder(
    parts.map(({ sample }, number) => ({ at: parseAddress(sample)?.base ?? 0n, number })),
  );
  const membersOf = (peer: SelectingPeer): readonly number[] =>
    peer.kind === 'ipBlock' && isOfFamily(peer, family) ? order.within(rangesOfBlock(peer.block)) : [];
  const partition = createPartition(parts.length);
  for (const peer of peersOf(policy, direction)) partition.split(membersOf(peer));
  const { classOf, members } = partition.classes();
  return {
    classes: members.map((numbers) => ({
      family,
      ranges: numbers.flatMap((number) => parts[number]?.range ?? []),
      sample: parts[numbers[0] ?? 0]?.sample ?? '',
    })),
    meant: (peer) => [...new Set(membersOf(peer).map((number) => classOf[number] ?? 0))],
  };
};
