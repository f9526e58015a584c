import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BitSet } from '../../src/reach/bit-set.ts';

const SIZE = 100;
const members = fc.uniqueArray(fc.nat(SIZE - 1));

const listed = (set: BitSet): readonly number[] => {
  const found: number[] = [];
  set.forEach((member) => found.push(member));
  return found;
};

const sorted = (numbers: Iterable<number>): readonly number[] => [...numbers].sort((a, b) => a - b);

test('a set of bits does what a Set does', () => {
  fc.assert(
    fc.property(members, members, (left, right) => {
      const [a, b] = [BitSet.of(SIZE, left), BitSet.of(SIZE, right)];
      const [one, other] = [new Set(left), new Set(right)];
      expect(listed(a)).toEqual(sorted(one));
      expect(listed(a.and(b))).toEqual(sorted(one.intersection(other)));
      expect(listed(a.without(b))).toEqual(sorted(one.difference(other)));
      expect(a.isEmpty()).toBe(one.size === 0);
      a.addAll(b);
      expect(listed(a)).toEqual(sorted(one.union(other)));
    }),
  );
});

test.each([1, 31, 32, 33, 64])('a full set of %i holds every number below, and no other', (size) => {
  const full = BitSet.full(size);
  expect(listed(full)).toEqual(Array.from({ length: size }, (_, member) => member));
  expect(full.has(size)).toBe(false);
});
