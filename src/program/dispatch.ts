import { ADDRESS_BITS, blockOf, type Cidr, compareCidrs, formatAddress, formatCidr } from '../policy/cidr.ts';
import { type ChainName, DISPATCH_CHAIN, dispatchChain, type Tree } from './names.ts';
import type { Chain, Match, Rule } from './node-program.ts';

/** An isolated address and the chains that judge it. */
export interface DispatchEntry {
  readonly address: Cidr;
  /** At least one, sorted. Several if several pods may own the address: then each chain must allow the packet. */
  readonly chains: readonly ChainName[];
  /** Whether this tree handles packets of the address to itself, which no chain judges. Exactly one tree does. */
  readonly closesItself?: boolean;
}

/** Up to this many entries are tried one after another instead of in branches. */
const LEAF_ENTRIES = 8;
/** A branch distinguishes up to 3 bits of the address: eight ways. */
const BRANCH_BITS = 3;

/**
 * Returns the prefix length of a branch whose addresses share `shared` bits: the next of a few lengths that all trees use.
 * So a distant address adds a step on top, and the branches below stay as they are.
 */
const branchPrefix = (shared: number, bits: number): number =>
  bits - Math.floor((bits - shared - 1) / BRANCH_BITS) * BRANCH_BITS;

const SIDES = {
  egress: { own: 'source', other: 'destination' },
  ingress: { own: 'destination', other: 'source' },
  errors: { own: 'source', other: 'destination' },
} as const;

/** The rules of one entry: those that lead to its chains, and the address whose packets to itself need separate rules. */
interface Leaf {
  readonly lead: readonly Rule[];
  readonly itself?: Cidr;
}

/** Packets from a pod to itself never leave it, unless it sent them to a translated address, such as a Service. */
const toItself = (address: Cidr): readonly Rule[] => {
  const cidr = formatCidr(address);
  const ends: readonly Match[] = [
    { kind: 'source', cidr },
    { kind: 'destination', cidr },
  ];
  return [
    {
      matches: [...ends, { kind: 'translatedToItself', address: formatAddress(address) }],
      verdict: { kind: 'return' },
    },
    { matches: ends, verdict: { kind: 'drop' } },
  ];
};

/** Leads through all chains. Each chain returns what it allows to the next rule here; the last one returns further. */
const leadTo = (chains: readonly ChainName[], matches: readonly Match[]): readonly Rule[] =>
  chains.map((chain, at) => ({ matches, verdict: { kind: at === chains.length - 1 ? 'goto' : 'jump', chain } }));

/**
 * Drops ICMP errors of a pod about connections that it is not an end of: they are forged. Judging them by policy as well
 * would nest two trees, and nft allows 16 chains in a row.
 */
const errorLeaf = ({ address }: DispatchEntry): Leaf => ({
  lead: [
    {
      matches: [
        { kind: 'source', cidr: formatCidr(address) },
        { kind: 'noEndOfConnection', address: formatAddress(address) },
      ],
      verdict: { kind: 'drop' },
    },
  ],
});

const leaf = (entry: DispatchEntry, tree: Tree): Leaf => {
  if (tree === 'errors') return errorLeaf(entry);
  const { address, chains, closesItself } = entry;
  const cidr = formatCidr(address);
  const { own, other } = SIDES[tree];
  const matches: readonly Match[] = [
    { kind: own, cidr },
    { kind: other, cidr, negated: true },
  ];
  const lead = leadTo(chains, matches);
  return closesItself === true ? { lead, itself: address } : { lead };
};

/** Returns the longest prefix that all addresses between the two share. */
const commonPrefix = (first: Cidr, last: Cidr): number => {
  const differing = (first.base ^ last.base).toString(2);
  return differing === '0' ? first.prefix : ADDRESS_BITS[first.family] - differing.length;
};

/**
 * The chains of some leaves. Rules that lead on come first, since most packets match them; packets from a pod to itself have
 * a separate chain, which only packets reach whose both ends are in the pods' block.
 */
const chainsOfLeaves = (name: ChainName, leaves: readonly Leaf[], tree: Tree): readonly Chain[] => {
  const lead = leaves.flatMap((each) => each.lead);
  const addresses = leaves.flatMap(({ itself }) => itself ?? []);
  const [first] = addresses;
  const last = addresses.at(-1);
  if (first === undefined || last === undefined) return [{ name, rules: lead }];
  const rules = addresses.flatMap(toItself);
  const prefix = commonPrefix(first, last);
  if (prefix === 0) return [{ name, rules: [...lead, ...rules] }];
  const block = formatCidr(blockOf(first, prefix));
  const itself = dispatchChain(tree, `${name} to itself`);
  const matches: readonly Match[] = [
    { kind: 'source', cidr: block },
    { kind: 'destination', cidr: block },
  ];
  return [
    { name, rules: [...lead, { matches, verdict: { kind: 'goto', chain: itself } }] },
    { name: itself, rules },
  ];
};

/** A chain of the tree with all chains below it. */
interface Branch {
  readonly name: ChainName;
  /** The chain, and if needed the one for packets of a pod to itself. */
  readonly chains: readonly Chain[];
  /** Sorted by address. */
  readonly entries: readonly DispatchEntry[];
  /** By block. */
  readonly below: ReadonlyMap<string, Branch>;
}

const sameEntries = (a: readonly DispatchEntry[], b: readonly DispatchEntry[]): boolean =>
  a.length === b.length &&
  a.every(({ address, chains, closesItself }, at) => {
    const other = b[at];
    const isSameAddress = address.base === other?.address.base && closesItself === other.closesItself;
    return isSameAddress && chains.join() === other.chains.join();
  });

const groupByBlock = (entries: readonly DispatchEntry[], prefix: number, bits: number) =>
  Map.groupBy(entries, ({ address }) => address.base >> BigInt(bits - prefix));

/** @param before the former branch; branches with the same entries are reused */
const build = (name: ChainName, entries: readonly DispatchEntry[], tree: Tree, before: Branch | undefined): Branch => {
  if (before !== undefined && sameEntries(before.entries, entries)) return before;
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined || entries.length <= LEAF_ENTRIES) {
    const leaves = entries.map((entry) => leaf(entry, tree));
    return { name, chains: chainsOfLeaves(name, leaves, tree), entries, below: new Map() };
  }
  const bits = ADDRESS_BITS[first.address.family];
  const prefix = branchPrefix(commonPrefix(first.address, last.address), bits);
  const below = new Map<string, Branch>();
  const leaves = [...groupByBlock(entries, prefix, bits).values()].map((members): Leaf => {
    const [only = first, ...more] = members;
    if (more.length === 0) return leaf(only, tree);
    const block = formatCidr(blockOf(only.address, prefix));
    const known = before?.below.get(block);
    const branch = build(known?.name ?? dispatchChain(tree, block), members, tree, known);
    below.set(block, branch);
    const verdict = { kind: 'goto', chain: branch.name } as const;
    return { lead: [{ matches: [{ kind: SIDES[tree].own, cidr: block }], verdict }] };
  });
  return { name, chains: chainsOfLeaves(name, leaves, tree), entries, below };
};

const chainsOf = ({ chains, below }: Branch): readonly Chain[] => [...chains, ...[...below.values()].flatMap(chainsOf)];

/**
 * Leads each address to its chain through a tree over the bits of the address, so that the number of rules that a packet
 * meets grows with the logarithm of the entries. Other addresses return undecided. The tree remembers its branches: a
 * change of entries costs only the path to them.
 */
export const createDispatchTree = (tree: Tree): ((entries: readonly DispatchEntry[]) => readonly Chain[]) => {
  let root: Branch | undefined;
  return (entries) => {
    const sorted = entries.toSorted((a, b) => compareCidrs(a.address, b.address));
    root = build(DISPATCH_CHAIN[tree], sorted, tree, root);
    return chainsOf(root);
  };
};
