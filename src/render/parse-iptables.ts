import { isOwnChain, mayNameOwnChain } from '../program/names.ts';
import type { Hook, RawHook } from '../program/node-program.ts';
import { withoutDottedTail } from './dotted-tail.ts';
import type { ObservedTable, RuleText } from './observed.ts';
import { ruleText, splitArguments, UnquotableError } from './rule-text.ts';
import { targetOf } from './reached.ts';

const ADDRESS_OPTIONS: readonly (string | undefined)[] = ['-s', '-d', '--ctorigsrc', '--ctorigdst', '--ctreplsrc'];

/**
 * Returns the canonical text of a printed rule without `-A CHAIN`; the unchanged text of a rule that we could not have
 * written.
 */
const readRule = (line: string): RuleText => {
  try {
    return ruleText(
      splitArguments(line).map((arg, at, args) =>
        ADDRESS_OPTIONS.includes(args[at - 1]) ? withoutDottedTail(arg) : arg,
      ),
    );
  } catch (error) {
    if (error instanceof UnquotableError) return line;
    throw error;
  }
};

/**
 * Parses one table as iptables-save or `iptables -S` printed it: our chains, the built-in chains that we hook, and the rules
 * that lead into our chains. Skips other programs' rules that cannot name a chain of ours.
 */
const parseTable = <In extends Hook>(text: string, hooks: Record<In, RuleText[]>): ObservedTable<In> => {
  const isHook = (chain: string): chain is In => Object.hasOwn(hooks, chain);
  const chains = new Map<string, RuleText[]>();
  const heldByOthers = new Set<string>();
  for (const line of text.split('\n')) {
    const [, declared] = /^(?::|-N )(\S+)/.exec(line) ?? [];
    if (declared !== undefined) {
      if (isOwnChain(declared)) chains.set(declared, []);
    } else if (line.startsWith('-A ')) {
      const space = line.indexOf(' ', 3);
      const chain = space < 0 ? line.slice(3) : line.slice(3, space);
      const rule = space < 0 ? '' : line.slice(space + 1);
      if (isHook(chain)) hooks[chain].push(mayNameOwnChain(rule) ? readRule(rule) : rule);
      else if (isOwnChain(chain)) chains.get(chain)?.push(readRule(rule));
      else if (mayNameOwnChain(rule)) {
        const target = targetOf(rule);
        if (target !== undefined && isOwnChain(target)) heldByOthers.add(target);
      }
    }
  }
  return { chains, hooks, heldByOthers };
};

/** Parses a table that has the hooks of policy. */
export const parseIptablesSave = (text: string): ObservedTable => parseTable(text, { FORWARD: [], OUTPUT: [] });

/** Parses the raw table. */
export const parseRawTable = (text: string): ObservedTable<RawHook> => parseTable(text, { PREROUTING: [] });
