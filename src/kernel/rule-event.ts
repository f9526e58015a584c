import { mayNameOwnChain } from '../program/names.ts';

/** One line of `xtables-monitor --event` (xtables-monitor(8)), as far as it matters. */
export type RuleEvent =
  /** Something of a transaction that concerns our rules. */
  | { readonly kind: 'ours' }
  /** The transaction ended; `by` is the name of the program that made it, at most 15 characters. */
  | { readonly kind: 'commit'; readonly by: string };

const COMMIT = /^NEWGEN: .* NAME=(.*)$/;
/** Rules in the chains that we hook may go before our jump; without its table or hook there is none. */
const HOOKED =
  / -t (?:security -[AD] (?:FORWARD|OUTPUT)|raw -[AD] PREROUTING) |nft: DEL table: table (?:security|raw) |# nft: ip6? (?:security (?:FORWARD|OUTPUT)|raw PREROUTING) /;

/** Undefined for what does not concern us, such as the rules of kube-proxy in other tables. */
export const readRuleEvent = (line: string): RuleEvent | undefined => {
  const commit = COMMIT.exec(line);
  if (commit !== null) return { kind: 'commit', by: commit[1] ?? '' };
  return mayNameOwnChain(line) || HOOKED.test(line) ? { kind: 'ours' } : undefined;
};
