import { type Cidr, compareCidrs, covers, halves, parseAddress } from './cidr.ts';

/** An ipBlock of a peer: the addresses of `cidr` that are in none of `except`. */
export interface IpBlock {
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

/** Reports whether the block admits the address (a Cidr of full length). */
export const admits = ({ cidr, except }: IpBlock, address: Cidr): boolean =>
  covers(cidr, address) && !except.some((hole) => covers(hole, address));

/** Reports whether the block admits one of the addresses, given as text. */
export const admitsAny = (block: IpBlock, addresses: readonly string[]): boolean =>
  addresses.some((text) => {
    const address = parseAddress(text);
    return address !== undefined && admits(block, address);
  });

const carve = (block: Cidr, holes: readonly Cidr[]): readonly Cidr[] => {
  const inside = holes.filter((hole) => covers(block, hole));
  if (holes.some((hole) => covers(hole, block))) return [];
  if (inside.length === 0) return [block];
  const [low, high] = halves(block);
  return [...carve(low, inside), ...carve(high, inside)];
};

const dropCovered = (sorted: readonly Cidr[]): Cidr[] => {
  const kept: Cidr[] = [];
  for (const each of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !covers(last, each)) kept.push(each);
  }
  return kept;
};

const mergeSiblings = (sorted: readonly Cidr[]): Cidr[] => {
  const stack: Cidr[] = [];
  for (const each of sorted) {
    let block = each;
    for (;;) {
      const last = stack.at(-1);
      if (last?.prefix !== block.prefix || block.prefix === 0) break;
      const parent: Cidr = { ...last, prefix: last.prefix - 1 };
      const [low, high] = halves(parent);
      if (low.base !== last.base || high.base !== block.base || low.family !== block.family) break;
      stack.pop();
      block = parent;
    }
    stack.push(block);
  }
  return stack;
};

/**
 * Returns the fewest blocks with exactly the addresses that at least one of the ipBlocks admits. The excepts of a block
 * apply to that block only: another block may admit the same addresses.
 */
export const unionOfBlocks = (blocks: readonly IpBlock[]): readonly Cidr[] =>
  mergeSiblings(dropCovered(blocks.flatMap(({ cidr, except }) => carve(cidr, except)).sort(compareCidrs)));
