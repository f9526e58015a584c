import fc from 'fast-check';
import { expressionOn } from '../../../test/support/arbitrary-expression.ts';
import type { JsonLabels, JsonSelector } from '../../../test/support/naive/world.ts';

/** All values are from small pools, so that selectors match, ports coincide and blocks overlap often. */
export const NAMESPACES = ['red', 'blue', 'green', 'kube-system'] as const;

const KEYS = ['app', 'tier', 'example.org/zone', 'kubernetes.io/metadata.name'] as const;
const VALUES = ['', 'web', 'db', 'a_B.c-1', 'red', 'blue'] as const;

export const labels: fc.Arbitrary<JsonLabels> = fc.dictionary(
  fc.constantFrom('app', 'tier', 'example.org/zone'),
  fc.constantFrom(...VALUES),
  { maxKeys: 3, noNullPrototype: true },
);

const expression = expressionOn(KEYS, VALUES);

export const selector: fc.Arbitrary<JsonSelector> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.record({ matchLabels: fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('', 'web', 'db'), { maxKeys: 1, noNullPrototype: true }) }) },
  {
    weight: 3,
    arbitrary: fc.record(
      { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
);
