import fc from 'fast-check';
import type { JsonSelector } from './naive/world.ts';

type Expression = NonNullable<JsonSelector['matchExpressions']>[number];

/** Any requirement of a label selector (meta/v1 LabelSelectorRequirement) on these keys and values. */
export const expressionOn = (keys: readonly string[], values: readonly string[]): fc.Arbitrary<Expression> =>
  fc
    .tuple(
      fc.constantFrom(...keys),
      fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
      fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }),
    )
    .map(([key, operator, wanted]) =>
      operator.endsWith('In') ? { key, operator, values: wanted } : { key, operator },
    );
