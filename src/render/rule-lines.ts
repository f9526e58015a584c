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

/** Returns the chain's rules in the format of iptables-save. */
export const chainRules = ({ rules }: Chain): readonly RuleText[] => rules.map(ruleLine);

/** Returns the rules after the first `count`. */
export const rulesBehind = ({ rules }: Chain, count: number): readonly RuleText[] => rules.slice(count).map(ruleLine);

/** Returns the text of the hook's jump without `-A HOOK`. */
export const hookRule = ({ chain }: HookJump<Hook>): RuleText =>
  ruleText(ruleArguments({ matches: [], verdict: { kind: 'jump', chain } }));
