import type { Chain, Hook, HookJump } from '../program/node-program.ts';
import { ruleArguments } from './arguments.ts';
import type { RuleText } from './observed.ts';
import { ruleText } from './parse-iptables.ts';

const rendered = new WeakMap<Chain, readonly RuleText[]>();

/** The chain's rules as iptables-save would print them. */
export const chainRules = (chain: Chain): readonly RuleText[] => {
  const known = rendered.get(chain);
  if (known !== undefined) return known;
  const rules = chain.rules.map((rule) => ruleText(ruleArguments(rule)));
  rendered.set(chain, rules);
  return rules;
};

/** The text of the hook's jump, less `-A HOOK`. */
export const hookRule = ({ chain }: HookJump<Hook>): RuleText =>
  ruleText(ruleArguments({ matches: [], verdict: { kind: 'jump', chain } }));
