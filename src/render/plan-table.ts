import { isOwnChain } from '../program/names.ts';
import type { FamilyProgram, Hook } from '../program/node-program.ts';
import type { ObservedTable, RuleText } from './observed.ts';
import { splitArguments } from './quoting.ts';
import { chainRules, hookRule } from './rule-lines.ts';

/** The hooks that may hold a jump of ours. */
const HOOKS: readonly Hook[] = ['FORWARD', 'OUTPUT'];

const sameRules = (a: readonly RuleText[] | undefined, b: readonly RuleText[]): boolean =>
  a?.length === b.length && a.every((rule, at) => rule === b[at]);

/** Whether the rule of a built-in chain leads into a chain of ours, whoever wrote it. */
const leadsToUs = (rule: RuleText): boolean => {
  const args = splitArguments(rule);
  const at = args.findIndex((arg) => arg === '-j' || arg === '-g');
  return at >= 0 && isOwnChain(args[at + 1] ?? '');
};

/** Lines that leave exactly the wanted jump, as the first rule of the hook. */
const planHook = (hook: Hook, seen: readonly RuleText[], wanted: RuleText | undefined): readonly string[] => {
  const ours = seen.filter(leadsToUs);
  const [first] = seen;
  if (wanted === undefined ? ours.length === 0 : ours.length === 1 && first === wanted) return [];
  return [...ours.map((rule) => `-D ${hook} ${rule}`), ...(wanted === undefined ? [] : [`-I ${hook} 1 ${wanted}`])];
};

/**
 * Restore text (for `iptables-restore --noflush`) that turns the table seen into the program's, or '' if it is that
 * already. Declaring a chain creates or empties it, so only chains whose rules differ appear; everything happens at
 * COMMIT or not at all.
 */
export const planTable = (seen: ObservedTable, { chains, hooks }: FamilyProgram): string => {
  const changed = [...chains.values()].filter((chain) => !sameRules(seen.chains.get(chain.name), chainRules(chain)));
  const stale = [...seen.chains.keys()].filter((name) => isOwnChain(name) && !chains.has(name));
  const wanted = new Map(hooks.map((jump) => [jump.hook, hookRule(jump)]));
  const jumps = HOOKS.flatMap((hook) => planHook(hook, seen.hooks[hook], wanted.get(hook)));
  if (changed.length + stale.length + jumps.length === 0) return '';
  return [
    '*filter',
    ...[...changed.map(({ name }): string => name), ...stale].sort().map((name) => `:${name} - [0:0]`),
    ...changed.flatMap((chain) => chainRules(chain).map((rule) => `-A ${chain.name} ${rule}`)),
    ...jumps,
    ...stale.toSorted().map((name) => `-X ${name}`),
    'COMMIT',
    '',
  ].join('\n');
};
