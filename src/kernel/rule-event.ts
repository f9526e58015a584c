import { mayNameOwnChain } from '../program/names.ts';

/** A line of `xtables-monitor --event` (xtables-monitor(8)) that matters. */
export type RuleEvent =
  /** A part of a transaction that concerns our rules. */
  | { readonly kind: 'ours' }
  /** The transaction ended; `by` is the name of its program, up to 15 characters. */
  | { readonly kind: 'commit'; readonly by: string };

const COMMIT = /^NEWGEN: .* NAME=(.*)$/;
/** Rules in the chains that we hook may come before our jump; without the table or hook there is no jump. */
const HOOKED =
  / -t (?:security -[AD] (?:FORWARD|OUTPUT)|raw -[AD] PREROUTING) |nft: DEL table: table (?:security|raw) |# nft: ip6? (?:security (?:FORWARD|OUTPUT)|raw PREROUTING) /;

/** Returns undefined for lines that do not concern us, such as kube-proxy's rules in other tables. */
export const readRuleEvent = (line: string): RuleEvent | undefined => {
  const commit = COMMIT.exec(line);
  if (commit !== null) return { kind: 'commit', by: commit[1] ?? '' };
  return mayNameOwnChain(line) || HOOKED.test(line) ? { kind: 'ours' } : undefined;
};
