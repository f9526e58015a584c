import { expect, test } from '@jest/globals';
import { overlayMap } from '../../src/cluster/trim-labels.ts';

test('an overlay map reads as its map with the replacements, and follows both', () => {
  const base = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  const replaced = new Map<string, number>();
  const map = overlayMap(base, replaced);
  const all = (): readonly unknown[] => {
    const visited: unknown[] = [];
    map.forEach((value, key, whole) => visited.push([key, value, whole === map]));
    return [[...map], [...map.keys()], [...map.values()], [...map.entries()], visited];
  };
  const of = (...pairs: readonly (readonly [string, number])[]): readonly unknown[] => [
    pairs,
    pairs.map(([key]) => key),
    pairs.map(([, value]) => value),
    pairs,
    pairs.map(([key, value]) => [key, value, true]),
  ];
  expect(all()).toEqual(of(['a', 1], ['b', 2]));
  replaced.set('b', 20).set('z', 26);
  expect(all()).toEqual(of(['a', 1], ['b', 20]));
  expect([map.size, map.has('z'), map.get('z'), map.get('b')]).toEqual([2, false, undefined, 20]);
  base.delete('b');
  expect(all()).toEqual(of(['a', 1]));
});
