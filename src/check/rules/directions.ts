import { DIRECTIONS } from '../../model/direction.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { POLICY_TYPE } from '../rule-fields.ts';

/** Finds directions that are isolated without a rule, beside one that has rules: a "deny all" that may not be intended. */
export const findDirectionsWithoutRules: CheckRule = ({ spec, parsed }) => {
  const { directions, rules } = parsed;
  if (!directions.some((direction) => rules[direction].length > 0)) return [];
  const isWritten = Array.isArray(spec['policyTypes']) && spec['policyTypes'].length > 0;
  return directions
    .filter((direction) => rules[direction].length === 0 && !Array.isArray(spec[direction]))
    .map((direction): Observation => {
      const others = directions.filter((other) => other !== direction).map((other) => POLICY_TYPE[other]);
      const type = POLICY_TYPE[direction];
      return {
        code: 'direction-without-rules',
        field: ['spec', 'policyTypes'],
        message: isWritten
          ? `lists ${type}, but there are no ${direction} rules: all ${direction} is denied`
          : `is missing and then includes ${type}; without ${direction} rules all ${direction} is denied`,
        suggestion: `write policyTypes: [${others.join(', ')}] to leave ${direction} alone; ${direction}: [] to show that it is meant`,
      };
    });
};

/** Finds rules of a direction that policyTypes does not list: the API server accepts them, and they have no effect. */
export const findIgnoredRules: CheckRule = ({ parsed: { directions, rules } }) =>
  DIRECTIONS.filter((direction) => rules[direction].length > 0 && !directions.includes(direction)).map(
    (direction): Observation => ({
      code: 'rules-ignored',
      field: ['spec', direction],
      message: `policyTypes does not list ${POLICY_TYPE[direction]}, so these rules do nothing`,
      suggestion: `add ${POLICY_TYPE[direction]} to policyTypes, or remove the rules`,
    }),
  );
