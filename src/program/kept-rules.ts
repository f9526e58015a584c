import type { AllowRule } from '../policy/node-policy.ts';
import { allowConditions, type AllowContext } from './allow.ts';
import { matchesText } from './match-text.ts';
import type { SetName } from './names.ts';
import type { Rule } from './node-program.ts';
import type { SetBuilder } from './set-builder.ts';

/** A rule of a chain that allows, with text that is equal for equal rules. */
export interface AllowingRule {
  readonly rule: Rule;
  readonly text: string;
}

interface Kept {
  readonly rules: readonly AllowingRule[];
  /** The sets that the rules name. */
  readonly sets: readonly SetName[];
}

/** Rules by builder (one family) and policy rule (one direction). */
const known = new WeakMap<SetBuilder, WeakMap<AllowRule, Kept>>();

const setsOf = (rules: readonly AllowingRule[]): readonly SetName[] => [
  ...new Set(rules.flatMap(({ rule }) => rule.matches.flatMap((match) => (match.kind === 'set' ? [match.set] : [])))),
];

/** Reports whether the rule depends on the isolated pods: a port name may have another number on other pods. */
const dependsOnPods = ({ ports }: AllowRule, { direction }: AllowContext): boolean =>
  direction === 'ingress' && ports.some(({ kind }) => kind === 'named');

/**
 * Returns the kernel rules of a policy's rule in one family; the same objects while the sets that they name are known. When
 * one policy of an isolation changes, the rules of the others are reused.
 */
export const keptRules = (rule: AllowRule, context: AllowContext): readonly AllowingRule[] => {
  const { sets } = context;
  const ofBuilder = known.get(sets) ?? new WeakMap<AllowRule, Kept>();
  known.set(sets, ofBuilder);
  const kept = ofBuilder.get(rule);
  if (kept?.sets.every((name) => sets.knows(name)) === true) return kept.rules;
  const rules = allowConditions(rule, context).map(
    (matches): AllowingRule => ({ rule: { matches, verdict: { kind: 'return' } }, text: matchesText(matches) }),
  );
  if (!dependsOnPods(rule, context)) ofBuilder.set(rule, { rules, sets: setsOf(rules) });
  return rules;
};
