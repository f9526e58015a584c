import { expect, test } from '@jest/globals';
import { closest, count } from '../../src/check/words.ts';

test.each([
  ['matchLabel', ['matchLabels', 'matchExpressions'], 'matchLabels'],
  ['endport', ['port', 'endPort', 'protocol'], 'endPort'],
  ['wbe', ['web', 'db'], 'web'],
  ['web', ['web', 'wep'], 'wep'],
  ['a', ['b'], undefined],
  ['app', ['api', 'apt'], undefined],
  ['frontend', ['backend'], undefined],
  ['egress', ['ingress'], 'ingress'],
])('%s is likely a typing error of one of %j: %s', (word, candidates, expected) => {
  expect(closest(word, candidates)).toBe(expected);
});

test('a number agrees with its noun', () => {
  expect([count(1, 'policy'), count(2, 'policy'), count(0, 'pod')]).toEqual(['1 policy', '2 policies', '0 pods']);
});
