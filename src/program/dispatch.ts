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
/** A branch tells so many bits of the address apart: at most eight ways. */
const BRANCH_BITS = 3;

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

const build = (name: ChainName, entries: readonly DispatchEntry[], direction: Direction): readonly Chain[] => {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined || entries.length <= LEAF_ENTRIES) {
    return [{ name, rules: entries.map((entry) => leaf(entry, direction)) }];
  }
  const bits = ADDRESS_BITS[first.address.family];
  const prefix = Math.min(commonPrefix(first.address, last.address) + BRANCH_BITS, bits);
  const groups = Map.groupBy(entries, ({ address }) => formatCidr(blockOf(address, prefix)));
  const branches = [...groups].map(([block, members]) => {
    const [only, ...more] = members;
    if (only !== undefined && more.length === 0) return { rule: leaf(only, direction), below: [] };
    const child = dispatchChain(direction, block);
    const rule: Rule = {
      matches: [{ kind: SIDES[direction].own, cidr: block }],
      verdict: { kind: 'goto', chain: child },
    };
    return { rule, below: build(child, members, direction) };
  });
  return [{ name, rules: branches.map(({ rule }) => rule) }, ...branches.flatMap(({ below }) => below)];
};

/**
 * Leads each address to its chain through a tree over the bits of the address, so that a packet meets a number of rules
 * that grows with the logarithm of the entries. An address that is not among them falls out at the end, undecided.
 */
export const dispatchTree = (direction: Direction, entries: readonly DispatchEntry[]): readonly Chain[] =>
  build(
    DISPATCH_CHAIN[direction],
    entries.toSorted((a, b) => compareCidrs(a.address, b.address)),
    direction,
  );
