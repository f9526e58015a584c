import { isOwnChain, mayNameOwnChain } from '../program/names.ts';
import type { Hook, RawHook } from '../program/node-program.ts';
import { withoutDottedTail } from './dotted-tail.ts';
import type { ObservedTable, RuleText } from './observed.ts';
import { quoteArgument, splitArguments } from './quoting.ts';
import { targetOf } from './reached.ts';

/** Canonical text of a rule's arguments. */
export const ruleText = (args: readonly string[]): RuleText => args.map(quoteArgument).join(' ');

const ADDRESS_OPTIONS: readonly (string | undefined)[] = ['-s', '-d', '--ctorigsrc', '--ctorigdst', '--ctreplsrc'];

/** Canonical text of a rule as iptables-save printed it, less `-A CHAIN`. */
const readRule = (line: string): RuleText =>
  ruleText(
    splitArguments(line).map((arg, at, args) =>
      ADDRESS_OPTIONS.includes(args[at - 1]) ? withoutDottedTail(arg) : arg,
    ),
  );

/** Reads what iptables-save printed of one table: our chains, the built-in chains that we hook, and who leads into ours. */
const parseTable = <In extends Hook>(text: string, hooks: Record<In, RuleText[]>): ObservedTable<In> => {
  const isHook = (chain: string): chain is In => Object.hasOwn(hooks, chain);
  const chains = new Map<string, RuleText[]>();
  const heldByOthers = new Set<string>();
  for (const line of text.split('\n')) {
    if (line.startsWith(':')) {
      const name = line.slice(1, line.indexOf(' '));
      if (isOwnChain(name)) chains.set(name, []);
    } else if (line.startsWith('-A ')) {
      const space = line.indexOf(' ', 3);
      const chain = space < 0 ? line.slice(3) : line.slice(3, space);
      const rules = isHook(chain) ? hooks[chain] : chains.get(chain);
      const rule = space < 0 ? '' : line.slice(space + 1);
      if (rules !== undefined) rules.push(readRule(rule));
      else if (mayNameOwnChain(rule)) {
        const target = targetOf(rule);
        if (target !== undefined && isOwnChain(target)) heldByOthers.add(target);
      }
    }
  }
  return { chains, hooks, heldByOthers };
};

/** Reads what `iptables-save -t filter` printed. */
export const parseIptablesSave = (text: string): ObservedTable => parseTable(text, { FORWARD: [], OUTPUT: [] });

/** Reads the raw table out of what iptables-save printed, of all tables or of that one. */
export const parseRawTable = (text: string): ObservedTable<RawHook> => {
  const [, table = ''] = /^\*raw\n([^]*?)^COMMIT$/m.exec(text) ?? [];
  return parseTable(table, { PREROUTING: [] });
};
