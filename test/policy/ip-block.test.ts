import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Cidr,
  covers,
  formatCidr,
  parseCidr,
  admits,
  type IpBlock,
  unionOfBlocks,
} from '../../src/policy/cidr.ts';

const cidr = (text: string): Cidr => {
  const read = parseCidr(text);
  if (read === undefined) throw new Error(text);
  return read;
};

const block = (base: string, ...except: string[]): IpBlock => ({ cidr: cidr(base), except: except.map(cidr) });

const union = (...blocks: readonly IpBlock[]): readonly string[] => unionOfBlocks(blocks).map(formatCidr);

describe('the union of ipBlocks', () => {
  test('the union of no ipBlocks is empty', () => {
    expect(union()).toEqual([]);
  });

  test('the union of an ipBlock without excepts is the block itself', () => {
    expect(union(block('10.0.0.0/8'))).toEqual(['10.0.0.0/8']);
  });

  test('the union leaves out the except, with the fewest blocks', () => {
    expect(union(block('172.17.0.0/16', '172.17.1.0/24'))).toEqual([
      '172.17.0.0/24',
      '172.17.2.0/23',
      '172.17.4.0/22',
      '172.17.8.0/21',
      '172.17.16.0/20',
      '172.17.32.0/19',
      '172.17.64.0/18',
      '172.17.128.0/17',
    ]);
  });

  test('the union applies an except to its own block only: another block admits the addresses again', () => {
    expect(union(block('10.0.0.0/8', '10.1.0.0/16'), block('10.1.2.0/24'))).toContain('10.1.2.0/24');
    expect(union(block('10.0.0.0/8', '10.1.0.0/16'), block('10.1.0.0/16'))).toEqual(['10.0.0.0/8']);
  });

  test('the union joins neighbours and drops covered blocks', () => {
    expect(union(block('10.0.1.0/24'), block('10.0.0.0/24'), block('10.0.0.128/25'))).toEqual(['10.0.0.0/23']);
  });

  test('the union does not join neighbours that are not halves of one block', () => {
    expect(union(block('10.0.1.0/24'), block('10.0.2.0/24'))).toEqual(['10.0.1.0/24', '10.0.2.0/24']);
  });

  test('the union keeps families apart', () => {
    expect(union(block('::/0'), block('0.0.0.0/0'))).toEqual(['0.0.0.0/0', '::/0']);
  });

  test('the union of a block whose excepts cover it is empty', () => {
    expect(union(block('10.0.0.0/24', '10.0.0.0/25', '10.0.0.128/25'))).toEqual([]);
  });

  test('the union of 10,000 CIDRs is computed', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => block(`10.${at >> 8}.${at & 255}.0/25`));
    expect(unionOfBlocks(many)).toHaveLength(10_000);
    const holes = Array.from({ length: 10_000 }, (_, at) => cidr(`10.${at >> 8}.${at & 255}.128/25`));
    // The other 55,536 of the 65,536 blocks of 256 make eight larger ones: 2^15 + 2^14 + 2^12 + 2^11 + 2^7 + 2^6 + 2^5 + 2^4.
    expect(unionOfBlocks([{ cidr: cidr('10.0.0.0/8'), except: holes }])).toHaveLength(10_000 + 8);
  });
});

/** Blocks within 16 addresses, so that generated ones touch, overlap and hide each other. */
const smallCidr = fc
  .tuple(fc.integer({ min: 28, max: 32 }), fc.nat(15))
  .map(([prefix, last]) => cidr(`10.0.0.${last}/${prefix}`));
const smallBlock: fc.Arbitrary<IpBlock> = fc
  .tuple(smallCidr, fc.array(smallCidr, { maxLength: 3 }))
  .map(([base, holes]) => ({ cidr: base, except: holes.filter((hole) => covers(base, hole)) }));

test('the union has exactly the addresses that some block admits, and no two of its blocks could be joined', () => {
  fc.assert(
    fc.property(fc.array(smallBlock, { maxLength: 5 }), (blocks) => {
      const found = unionOfBlocks(blocks);
      for (let last = 0; last < 16; last += 1) {
        const address = cidr(`10.0.0.${last}/32`);
        expect(found.filter((each) => covers(each, address))).toHaveLength(
          blocks.some((each) => admits(each, address)) ? 1 : 0,
        );
      }
      const texts = new Set(found.map(formatCidr));
      for (const { base, prefix } of found) {
        const sibling = formatCidr({ family: 'ipv4', base: base ^ (1n << BigInt(32 - prefix)), prefix });
        expect(texts.has(sibling)).toBe(false);
      }
    }),
    { seed: 20_261, numRuns: 2_000 },
  );
});
