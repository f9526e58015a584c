import type { Direction } from '../model/direction.ts';
import { ADDRESS_BITS, blockOf, type Cidr, compareCidrs, formatCidr } from '../policy/cidr.ts';
import { type ChainName, DISPATCH_CHAIN, dispatchChain } from './names.ts';
import type { Chain, Match, Rule } from './node-program.ts';

/** An isolated address and the chain that judges it. */
export interface DispatchEntry {
  readonly address: Cidr;
  readonly chain: ChainName;
}

/** So many entries are tried one after another before they are worth a branch. */
const LEAF_ENTRIES = 8;
/** A branch tells at most so many bits of the address apart: eight ways. */
const BRANCH_BITS = 3;

/**
 * How far a branch looks whose addresses share so many bits: to the next of a few lengths that are the same for all trees.
 * So an address far from the others adds a step on top, and leaves the branches below as they are.
 */
const branchPrefix = (shared: number, bits: number): number =>
  bits - Math.floor((bits - shared - 1) / BRANCH_BITS) * BRANCH_BITS;

const SIDES = {
  egress: { own: 'source', other: 'destination' },
  ingress: { own: 'destination', other: 'source' },
} as const;

/** A pod always reaches itself, also through a Service that balances back to it: then both addresses are its own. */
const leaf = ({ address, chain }: DispatchEntry, direction: Direction): Rule => {
  const cidr = formatCidr(address);
  const { own, other } = SIDES[direction];
  const matches: readonly Match[] = [
    { kind: own, cidr },
    { kind: other, cidr, negated: true },
  ];
  return { matches, verdict: { kind: 'goto', chain } };
};

/** The longest prefix that all addresses between the two share. */
const commonPrefix = (first: Cidr, last: Cidr): number => {
  const differing = (first.base ^ last.base).toString(2);
  return differing === '0' ? first.prefix : ADDRESS_BITS[first.family] - differing.length;
};

/** A chain of the tree with all below it. */
interface Branch {
  readonly chain: Chain;
  /** Sorted by address. */
  readonly entries: readonly DispatchEntry[];
  /** By the block of each. */
  readonly below: ReadonlyMap<string, Branch>;
}

const sameEntries = (a: readonly DispatchEntry[], b: readonly DispatchEntry[]): boolean =>
  a.length === b.length &&
  a.every(({ address, chain }, at) => chain === b[at]?.chain && address.base === b[at].address.base);

const groupByBlock = (entries: readonly DispatchEntry[], prefix: number, bits: number) =>
  Map.groupBy(entries, ({ address }) => address.base >> BigInt(bits - prefix));

/** @param before what the chain was; branches whose entries are the same are taken over as they are */
const build = (
  name: ChainName,
  entries: readonly DispatchEntry[],
  direction: Direction,
  before: Branch | undefined,
): Branch => {
  if (before !== undefined && sameEntries(before.entries, entries)) return before;
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined || entries.length <= LEAF_ENTRIES) {
    return { chain: { name, rules: entries.map((entry) => leaf(entry, direction)) }, entries, below: new Map() };
  }
  const bits = ADDRESS_BITS[first.address.family];
  const prefix = branchPrefix(commonPrefix(first.address, last.address), bits);
  const below = new Map<string, Branch>();
  const rules = [...groupByBlock(entries, prefix, bits).values()].map((members): Rule => {
    const [only = first, ...more] = members;
    if (more.length === 0) return leaf(only, direction);
    const block = formatCidr(blockOf(only.address, prefix));
    const known = before?.below.get(block);
    const branch = build(known?.chain.name ?? dispatchChain(direction, block), members, direction, known);
    below.set(block, branch);
    return {
      matches: [{ kind: SIDES[direction].own, cidr: block }],
      verdict: { kind: 'goto', chain: branch.chain.name },
    };
  });
  return { chain: { name, rules }, entries, below };
};

const chainsOf = ({ chain, below }: Branch): readonly Chain[] => [chain, ...[...below.values()].flatMap(chainsOf)];

/**
 * Leads each address to its chain through a tree over the bits of the address, so that a packet meets a number of rules
 * that grows with the logarithm of the entries. An address that is not among them falls out at the end, undecided.
 * A tree remembers its branches: entries that come or go cost the way to them.
 */
export const createDispatchTree = (direction: Direction): ((entries: readonly DispatchEntry[]) => readonly Chain[]) => {
  let root: Branch | undefined;
  return (entries) => {
    const sorted = entries.toSorted((a, b) => compareCidrs(a.address, b.address));
    root = build(DISPATCH_CHAIN[direction], sorted, direction, root);
    return chainsOf(root);
  };
};
