import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import { ADDRESS_BITS, type Cidr, formatAddress, formatCidr, type IpBlock, unionOfBlocks } from '../policy/cidr.ts';
import type { NodePolicy } from '../policy/node-policy.ts';

/** Addresses `from` to `to`, both included. */
export interface AddressRange {
  readonly family: IpFamily;
  readonly from: bigint;
  readonly to: bigint;
}

const blocksOf = (policy: NodePolicy, direction: Direction): readonly IpBlock[] => {
  const isolations = policy.isolations.filter((isolation) => isolation.direction === direction);
  const peers = new Set(isolations.flatMap(({ rules }) => rules.flatMap((rule) => rule.peers)));
  return [...peers].flatMap((peer) => (peer.kind === 'ipBlock' ? [peer.block] : []));
};

const toRange = ({ family, base, prefix }: Cidr): AddressRange => ({
  family,
  from: base,
  to: base + (1n << BigInt(ADDRESS_BITS[family] - prefix)) - 1n,
});

/** Joins ranges that touch, and keeps their order. */
export const joinRanges = (ranges: readonly AddressRange[]): readonly AddressRange[] => {
  const joined: AddressRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last?.family === range.family && last.to + 1n === range.from)
      joined[joined.length - 1] = { ...last, to: range.to };
    else joined.push(range);
  }
  return joined;
};

/** The addresses that a block admits, as ranges in order, apart from each other. */
export const rangesOfBlock = (block: IpBlock): readonly AddressRange[] =>
  joinRanges(unionOfBlocks([block]).map(toRange));

/** Returns all addresses of a family, in order, cut where a block begins or ends to admit them. */
export const rangesCutBy = (blocks: readonly IpBlock[], family: IpFamily): readonly AddressRange[] => {
  const end = 1n << BigInt(ADDRESS_BITS[family]);
  const admitted = blocks.filter(({ cidr }) => cidr.family === family).flatMap(rangesOfBlock);
  const cuts = new Set([0n, ...admitted.flatMap(({ from, to }) => [from, to + 1n])]);
  cuts.delete(end);
  const starts = [...cuts].sort((a, b) => (a < b ? -1 : 1));
  return starts.map((from, at) => ({ family, from, to: (starts[at + 1] ?? end) - 1n }));
};

/**
 * All addresses of a family, in order, cut where the ipBlocks of a direction's rules make a difference: what holds for one
 * address of a range, as a source for ingress and as a destination for egress, holds for all of it that are no pod's or
 * node's.
 */
export const outsideRanges = (policy: NodePolicy, direction: Direction, family: IpFamily): readonly AddressRange[] =>
  rangesCutBy(blocksOf(policy, direction), family);

/** The first address of the range, as text, that is not among the given ones; undefined if all of them are. */
export const addressOutside = (range: AddressRange, inside: ReadonlySet<string>): string | undefined => {
  for (let { from } = range; from <= range.to; from += 1n) {
    const address = formatAddress({ family: range.family, base: from });
    if (!inside.has(address)) return address;
  }
  return undefined;
};

/** Returns `10.0.0.0/8` if the range is a block, else `first-last`. */
export const describeRange = ({ family, from, to }: AddressRange): string => {
  const size = to - from + 1n;
  const prefix = ADDRESS_BITS[family] - (size.toString(2).length - 1);
  const isBlock = (size & (size - 1n)) === 0n && from % size === 0n;
  return isBlock
    ? formatCidr({ family, base: from, prefix })
    : `${formatAddress({ family, base: from })}-${formatAddress({ family, base: to })}`;
};
