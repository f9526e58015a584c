import { DIRECTIONS, type Direction } from '../../model/direction.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { POLICY_TYPE } from '../rule-fields.ts';

const DENIES = ['deny', 'denies', 'denied', 'block', 'blocks', 'blocked', 'drop', 'isolate', 'isolated', 'lockdown'];
/** Such a policy says that it does both. */
const ALLOWS = ['allow', 'allows', 'allowed', 'permit', 'except', 'but', 'only', 'non', 'whitelisted'];

/** The directions that a policy's name says it denies. */
const deniedBy = (name: string): readonly Direction[] => {
  const words = name.toLowerCase().split(/[-._]/);
  if (!words.some((word) => DENIES.includes(word)) || words.some((word) => ALLOWS.includes(word))) return [];
  const named = DIRECTIONS.filter((direction) => words.includes(direction));
  return named.length === 0 ? DIRECTIONS : named;
};

/** A rule without peers and ports in a policy that is named after denying: `ingress: [{}]` allows everything. */
export const findAllowingDenials: CheckRule = ({ parsed: { name, directions, rules } }) => {
  const denied = deniedBy(name);
  return denied.flatMap((direction) => {
    // Named without a direction, it may well deny one and open the other.
    const deniesOther = directions.some((other) => other !== direction && rules[other].length === 0);
    if (denied.length > 1 && deniesOther) return [];
    return rules[direction].flatMap(({ peers, ports }, index): readonly Observation[] => {
      if (peers !== 'any' || ports !== 'any') return [];
      return [
        {
          code: 'deny-allows',
          field: ['spec', direction, index],
          message: `an empty rule allows all ${direction}, though the policy is named ${name}`,
          suggestion: `write ${direction}: [] to deny all ${direction}; rename the policy if it is meant to allow it`,
        },
      ];
    });
  });
};

/** A policy that is to deny egress as well, but isolates ingress alone, since nothing in it says Egress. */
export const findOpenEgress: CheckRule = ({ spec, parsed: { name, podSelector, rules, faults } }) => {
  const types = spec['policyTypes'];
  const isWritten = Array.isArray(types) && types.length > 0;
  if (isWritten || faults.length > 0 || rules.egress.length > 0) return [];
  const suggestion = `write policyTypes: [${POLICY_TYPE.ingress}, ${POLICY_TYPE.egress}], or [${POLICY_TYPE.egress}] alone`;
  if (Array.isArray(spec['egress'])) {
    return [
      {
        code: 'egress-open',
        field: ['spec', 'egress'],
        message: 'an empty list does not isolate egress where policyTypes is missing: all egress stays open',
        suggestion,
      },
    ];
  }
  const denied = deniedBy(name);
  const saysEgress = denied.length === 1 && denied[0] === 'egress';
  // `ingress: []` shows that ingress was thought of, and is enough for a policy that does not say egress.
  const saysAll = denied.length > 1 && podSelector.requirements.length === 0 && !Array.isArray(spec['ingress']);
  if (rules.ingress.length > 0 || !(saysEgress || saysAll)) return [];
  return [
    {
      code: 'egress-open',
      field: ['spec', 'policyTypes'],
      message: `is missing and then is [${POLICY_TYPE.ingress}]: all egress stays open, though the policy is named ${name}`,
      suggestion: saysAll ? `${suggestion}; write [${POLICY_TYPE.ingress}] if only that is meant` : suggestion,
    },
  ];
};
