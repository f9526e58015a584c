import type { AllowRule } from '../policy/node-policy.ts';
import { allowConditions, type AllowContext } from './allow.ts';
import { matchesText } from './match-text.ts';
import type { SetName } from './names.ts';
import type { Rule } from './node-program.ts';
import type { SetBuilder } from './set-builder.ts';

/** A rule of a chain that allows, and text that is equal for equal ones. */
export interface AllowingRule {
  readonly rule: Rule;
  readonly text: string;
}

interface Kept {
  readonly rules: readonly AllowingRule[];
  /** Those that the rules name. */
  readonly sets: readonly SetName[];
}

/** For policies' rules that still are. One is of one direction, a builder of one family. */
const known = new WeakMap<SetBuilder, WeakMap<AllowRule, Kept>>();

const setsOf = (rules: readonly AllowingRule[]): readonly SetName[] => [
  ...new Set(rules.flatMap(({ rule }) => rule.matches.flatMap((match) => (match.kind === 'set' ? [match.set] : [])))),
];

/** Names of ports stand for other numbers on other pods. */
const dependsOnPods = ({ ports }: AllowRule, { direction }: AllowContext): boolean =>
  direction === 'ingress' && ports.some(({ kind }) => kind === 'named');

/**
 * The rules that a policy's rule means in one family; the very same as long as the sets that they name are known: where one
 * policy of an isolation changes, those of the others are not worked out again.
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
