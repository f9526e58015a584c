import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Direction } from '../../src/model/direction.ts';
import { type Cidr, covers, formatAddress, parseAddress, parseCidr } from '../../src/policy/cidr.ts';
import { createDispatchTree, type DispatchEntry } from '../../src/program/dispatch.ts';
import { isolationChain, type Tree } from '../../src/program/names.ts';
import type { Chain, Match } from '../../src/program/node-program.ts';

const dispatchTree = (tree: Tree, entries: readonly DispatchEntry[]): readonly Chain[] =>
  createDispatchTree(tree)(entries);

const addressOf = (text: string): Cidr => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(text);
  return address;
};

const entriesFor = (addresses: readonly string[]): readonly DispatchEntry[] =>
  addresses.map((text) => ({
    address: addressOf(text),
    chains: [isolationChain('ingress', [text], '')],
    closesItself: true,
  }));

/** A packet is part of a connection between its addresses; for one to itself, the packet says whether it was translated. */
const meets = (match: Match, source: Cidr, destination: Cidr, translated: boolean): boolean => {
  if (match.kind === 'translatedToItself') return translated && match.address === formatAddress(source);
  if (match.kind === 'noEndOfConnection') return !translated;
  if (match.kind !== 'source' && match.kind !== 'destination') throw new Error(`unexpected ${match.kind}`);
  const block = parseCidr(match.cidr);
  if (block === undefined) throw new Error(match.cidr);
  return covers(block, match.kind === 'source' ? source : destination) !== (match.negated === true);
};

/**
 * Returns where a packet ends up, and the number of rules that it met. A tree's verdict is a goto, except for packets
 * of a pod to itself.
 */
const follow = (
  chains: readonly Chain[],
  source: Cidr,
  destination: Cidr,
  translated = false,
): { end: string | undefined; rules: number } => {
  let chain: Chain | undefined = chains[0];
  let rules = 0;
  while (chain !== undefined) {
    const tried: readonly Chain['rules'][number][] = chain.rules;
    const at = tried.findIndex(({ matches }) =>
      matches.every((match) => meets(match, source, destination, translated)),
    );
    if (at < 0) return { end: undefined, rules: rules + tried.length };
    rules += at + 1;
    const verdict = tried[at]?.verdict;
    if (verdict?.kind === 'return' || verdict?.kind === 'drop') return { end: verdict.kind, rules };
    if (verdict?.kind !== 'goto') throw new Error('another verdict');
    chain = chains.find(({ name }) => name === verdict.chain);
    if (chain === undefined) return { end: verdict.chain, rules };
  }
  throw new Error('no root');
};

const OTHER: Readonly<Record<string, Cidr>> = { ipv4: addressOf('203.0.113.7'), ipv6: addressOf('2001:db8::7') };

/** Returns the cost of finding each address as the destination. */
const costs = (addresses: readonly string[]): readonly number[] => {
  const entries = entriesFor(addresses);
  const tree = dispatchTree('ingress', entries);
  return entries.map(({ address, chains: [chain] }) => {
    const { end, rules } = follow(tree, OTHER[address.family] ?? address, address);
    expect(end).toBe(chain);
    return rules;
  });
};

const block = (count: number, step = 1): readonly string[] =>
  Array.from({ length: count }, (_, at) => formatAddress({ family: 'ipv4', base: (10n << 24n) + BigInt(at * step) }));

describe('the dispatch tree', () => {
  test('a dispatch tree without entries is an empty root', () => {
    expect(dispatchTree('egress', [])).toEqual([{ name: 'PORTCULLIS-EGRESS', rules: [] }]);
  });

  test('a dispatch tree leads an address that two pods may have to both chains in turn', () => {
    const [entry] = entriesFor(['10.0.0.1']);
    const chains = [isolationChain('ingress', ['a'], ''), isolationChain('ingress', ['b'], '')];
    const [root] = dispatchTree('ingress', entry === undefined ? [] : [{ ...entry, chains }]);
    const [first, second] = root?.rules ?? [];
    expect([first, second].map((rule) => rule?.verdict)).toEqual([
      { kind: 'jump', chain: chains[0] },
      { kind: 'goto', chain: chains[1] },
    ]);
    expect(first?.matches).toEqual(second?.matches);
  });

  test('a dispatch tree with few entries is one chain, plus one for packets of pods to themselves', () => {
    expect(dispatchTree('ingress', entriesFor(block(8)))).toHaveLength(2);
  });

  test.each([
    [9, 10],
    [110, 21],
    [256, 20],
    [1_000, 32],
    [4_096, 36],
  ])('a dispatch tree of %i neighbouring pods takes up to %i rules', (count, most) => {
    expect(Math.max(...costs(block(count)))).toBeLessThanOrEqual(most);
  });

  test('a dispatch tree of distant pods is no deeper', () => {
    expect(Math.max(...costs(block(256, 65_521)))).toBeLessThanOrEqual(40);
  });

  test.each<[Tree, boolean, number]>([
    ['ingress', false, 2],
    ['ingress', true, 5],
    ['errors', true, 4],
  ])(
    'a dispatch tree of %s, with packets to itself %j, has fewer rules than %i times its entries',
    (tree, closesItself, times) => {
      for (const count of [9, 110, 1_000]) {
        const entries = entriesFor(block(count, 7)).map((entry) => ({ ...entry, closesItself }));
        const rules = dispatchTree(tree, entries).reduce((sum, chain) => sum + chain.rules.length, 0);
        expect(rules).toBeLessThan(times * count);
      }
    },
  );

  test('a dispatch tree checks for packets of a pod to itself only after all rules that lead on', () => {
    const [root, itself] = dispatchTree('egress', entriesFor(block(3)));
    expect(root?.rules.map(({ verdict }) => verdict.kind)).toEqual(['goto', 'goto', 'goto', 'goto']);
    expect(root?.rules.at(-1)).toEqual({
      matches: [
        { kind: 'source', cidr: '10.0.0.0/30' },
        { kind: 'destination', cidr: '10.0.0.0/30' },
      ],
      verdict: { kind: 'goto', chain: itself?.name },
    });
    expect(itself?.rules.map(({ verdict }) => verdict.kind)).toEqual([
      ...['return', 'drop', 'return', 'drop', 'return', 'drop'],
    ]);
  });

  test('the dispatch tree of error senders drops errors about others’ connections, and those to the sender itself', () => {
    const entries = entriesFor(block(20));
    const chains = dispatchTree('errors', entries);
    for (const { address } of entries) {
      const other = OTHER['ipv4'] ?? address;
      expect(follow(chains, address, other).end).toBe('drop');
      expect(follow(chains, address, other, true).end).toBeUndefined();
      expect(follow(chains, address, address).end).toBe('drop');
    }
  });

  test('a dispatch tree does not depend on the order of the entries', () => {
    const entries = entriesFor(block(100, 3));
    expect(dispatchTree('ingress', entries.toReversed())).toEqual(dispatchTree('ingress', entries));
  });

  test('a dispatch tree changes only where a pod was added', () => {
    const before = dispatchTree('ingress', entriesFor(block(256)));
    const grown = dispatchTree('ingress', entriesFor(block(255)));
    const changed = before.filter((chain) => !grown.some((other) => JSON.stringify(other) === JSON.stringify(chain)));
    // The chain of the address, and that of packets to itself.
    expect(changed).toHaveLength(2);
  });

  test.each(['10.0.0.250', '10.0.1.3', '10.0.77.1', '10.9.0.1', '192.0.2.1'])(
    'a dispatch tree changes only on the path to a distant pod: %s',
    (far) => {
      const before = dispatchTree('ingress', entriesFor(block(110)));
      const after = dispatchTree('ingress', entriesFor([...block(110), far]));
      const known = new Set(before.map((chain) => JSON.stringify(chain)));
      const changed = after.filter((chain) => !known.has(JSON.stringify(chain)));
      const gone = before.filter(({ name }) => !after.some((chain) => chain.name === name));
      expect(gone).toEqual([]);
      // The root, the former root, and the chain of the pod's packets to itself.
      expect(changed.length).toBeLessThanOrEqual(3);
    },
  );

  test('a dispatch tree that grows and shrinks equals one made at once, and keeps all unchanged branches', () => {
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(fc.nat(300), { maxLength: 60 }), { minLength: 2, maxLength: 6 }), (steps) => {
        const tree = createDispatchTree('ingress');
        let before: readonly Chain[] = [];
        for (const lows of steps) {
          const entries = entriesFor(lows.map((low) => `10.0.${low >> 6}.${low & 63}`));
          const chains = tree(entries);
          expect(chains).toEqual(dispatchTree('ingress', entries));
          expect(tree(entries.toReversed())).toEqual(chains);
          for (const chain of chains) {
            const same = before.find((each) => each.name === chain.name);
            const below = chain.rules.every(
              ({ verdict }) => verdict.kind !== 'goto' || !verdict.chain.includes('-TI-'),
            );
            if (below && JSON.stringify(same) === JSON.stringify(chain)) expect(chain).toBe(same);
          }
          before = chains;
        }
      }),
      { numRuns: 60 },
    );
  });

  const address = fc.oneof(
    fc.nat(0xffff_ffff).map((base) => formatAddress({ family: 'ipv4', base: BigInt(base) })),
    fc.nat(300).map((low) => formatAddress({ family: 'ipv4', base: (10n << 24n) + BigInt(low) })),
  );
  const address6 = fc
    .tuple(fc.constantFrom(0xfd00n << 112n, (0xfd00n << 112n) + (1n << 64n)), fc.nat(300))
    .map(([prefix, low]) => formatAddress({ family: 'ipv6', base: prefix + BigInt(low) }));
  const directions = fc.constantFrom<Direction>('ingress', 'egress');

  test.each([
    ['IPv4', address],
    ['IPv6', address6],
  ])(
    'the dispatch tree leads each address to its chain, other addresses nowhere, and a pod to itself only through a Service (%s)',
    (_, any) => {
      fc.assert(
        fc.property(fc.uniqueArray(any, { maxLength: 60 }), any, directions, (addresses, stranger, direction) => {
          const entries = entriesFor(addresses);
          const chains = dispatchTree(direction, entries);
          expect(new Set(chains.map(({ name }) => name)).size).toBe(chains.length);
          const ends = (own: Cidr, other: Cidr, translated = false): string | undefined =>
            (direction === 'ingress' ? follow(chains, other, own, translated) : follow(chains, own, other, translated))
              .end;
          for (const {
            address: own,
            chains: [chain],
          } of entries) {
            const other = OTHER[own.family] ?? own;
            expect(ends(own, other)).toBe(chain);
            expect(ends(own, own)).toBe('drop');
            expect(ends(own, own, true)).toBe('return');
          }
          const nobody = addressOf(stranger);
          if (!addresses.includes(stranger)) expect(ends(nobody, OTHER[nobody.family] ?? nobody)).toBeUndefined();
        }),
        { numRuns: 60 },
      );
    },
  );
});
