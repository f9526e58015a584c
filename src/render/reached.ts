import type { Hook } from '../program/node-program.ts';
import type { ObservedTable, RuleText } from './observed.ts';
import { splitArguments } from './rule-text.ts';

/** Returns the chain that the rule leads to, whichever program wrote it. */
export const targetOf = (rule: RuleText): string | undefined => {
  const args = splitArguments(rule);
  const at = args.findIndex((arg) => arg === '-j' || arg === '-g');
  return at < 0 ? undefined : args[at + 1];
};

/** Returns our chains that packets can reach from the hooks. */
export const reachedChains = <In extends Hook>({ chains, hooks }: ObservedTable<In>): ReadonlySet<string> => {
  const reached = new Set<string>();
  const waiting = Object.values<readonly RuleText[]>(hooks);
  for (let rules = waiting.pop(); rules !== undefined; rules = waiting.pop()) {
    for (const rule of rules) {
      const target = targetOf(rule);
      const below = target === undefined ? undefined : chains.get(target);
      if (target === undefined || below === undefined || reached.has(target)) continue;
      reached.add(target);
      waiting.push(below);
    }
  }
  return reached;
};
