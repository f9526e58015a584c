import type { Chain, Hook, HookJump, Rule } from '../program/node-program.ts';
import { ruleArguments } from './arguments.ts';
import type { RuleText } from './observed.ts';
import { ruleText } from './parse-iptables.ts';

const rendered = new WeakMap<Rule, RuleText>();

const ruleLine = (rule: Rule): RuleText => {
  const known = rendered.get(rule);
  if (known !== undefined) return known;
  const text = ruleText(ruleArguments(rule));
  rendered.set(rule, text);
  return text;
};

/** The chain's rules as iptables-save would print them. */
export const chainRules = ({ rules }: Chain): readonly RuleText[] => rules.map(ruleLine);

/** Those behind the first `count`. */
export const rulesBehind = ({ rules }: Chain, count: number): readonly RuleText[] => rules.slice(count).map(ruleLine);

/** The text of the hook's jump, less `-A HOOK`. */
export const hookRule = ({ chain }: HookJump<Hook>): RuleText =>
  ruleText(ruleArguments({ matches: [], verdict: { kind: 'jump', chain } }));
