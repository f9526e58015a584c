import { isBodyChain, isOwnChain, mayNameOwnChain, scratchChain } from '../program/names.ts';
import type { FamilyDelta, RawChange } from '../program/incremental/family-compiler.ts';
import type { Chain, Hook, TableProgram, RawHook } from '../program/node-program.ts';
import type { ObservedTable, RuleText } from './observed.ts';
import { reachedChains, targetOf } from './reached.ts';
import { chainRules, hookRule, rulesBehind } from './rule-text.ts';
import { EMPTY_RAW_TABLE } from './nothing-observed.ts';

/**
 * The tables with chains of ours. Policy is judged in security, right after filter. Kernels without the security table
 * (iptables-legacy without iptable_security) use filter, as layouts up to 3 did.
 */
export type TableName = 'security' | 'filter' | 'raw';

/** Returns the hooks that may have a jump of ours. */
export const hooksOf = <In extends Hook>({ hooks }: ObservedTable<In>): readonly In[] => Object.keys(hooks) as In[];

/** Reports whether the chain has exactly these rules in this order. */
export const sameRules = (a: readonly RuleText[] | undefined, b: readonly RuleText[]): boolean =>
  a?.length === b.length && a.every((rule, at) => rule === b[at]);

/** Reports whether a built-in chain's rule leads into a chain of ours, whichever program wrote it. */
export const leadsToUs = (rule: RuleText): boolean => mayNameOwnChain(rule) && isOwnChain(targetOf(rule) ?? '');

/** Returns lines that leave exactly the wanted jump, as the first rule of the hook. */
const planHook = (hook: Hook, seen: readonly RuleText[], wanted: RuleText | undefined): readonly string[] => {
  const ours = seen.filter(leadsToUs);
  const [first] = seen;
  if (wanted === undefined ? ours.length === 0 : ours.length === 1 && first === wanted) return [];
  return [...ours.map((rule) => `-D ${hook} ${rule}`), ...(wanted === undefined ? [] : [`-I ${hook} 1 ${wanted}`])];
};

/**
 * Number of rules that always fit into one transaction of iptables-nft. It sends a transaction as one message, and in a user
 * namespace it may not raise the limit of its socket (net.core.wmem_default), which is about 500 rules.
 */
const PORTION = 300;

const declare = (name: string): string => `:${name} - [0:0]`;

const ruleLines = (chains: readonly Chain[]): readonly string[] =>
  chains.flatMap((chain) => chainRules(chain).map((rule) => `-A ${chain.name} ${rule}`));

/** Returns restore text of one transaction. */
const transaction = (lines: readonly string[], table: TableName = 'security'): string =>
  lines.length === 0 ? '' : [`*${table}`, ...lines, 'COMMIT', ''].join('\n');

/** Loads chains that no packet can reach, in portions. */
const loadAhead = (chains: readonly Chain[], table: TableName = 'security'): string => {
  const rules = ruleLines(chains);
  const portions = Array.from({ length: Math.ceil(rules.length / PORTION) }, (_, at) =>
    rules.slice(at * PORTION, (at + 1) * PORTION),
  );
  return [chains.map(({ name }) => declare(name)), ...portions].map((lines) => transaction(lines, table)).join('');
};

/**
 * Loads the chains' rules into chains that no packet can reach, and removes these: the only effect is acceptance or an
 * error.
 */
export const tryOutText = (chains: readonly Chain[], table: TableName = 'security'): string => {
  const scratch = chains.map((chain) => ({ ...chain, name: scratchChain(chain.name) }));
  const names = scratch.map(({ name }) => name);
  return `${loadAhead(scratch, table)}${transaction([...names.map(declare), ...names.map((name) => `-X ${name}`)], table)}`;
};

/** A change of one family's table. */
interface TableChange {
  /** Chains that no packet can reach yet. */
  readonly fresh: readonly Chain[];
  /** Chains that packets may already traverse, with their new rules. */
  readonly changed: readonly Chain[];
  /** Chains that get further rules after the first `behind` ones. */
  readonly appended?: readonly { readonly chain: Chain; readonly behind: number }[];
  /** Chains to empty, because other programs' rules lead to them. */
  readonly emptied: readonly string[];
  readonly deleted: readonly string[];
  /** Lines that repair the jumps of the hooks. */
  readonly hooks: readonly string[];
}

/**
 * Returns restore text of the change for `iptables-restore --noflush`, or ''. Declaring a chain creates or empties it. All
 * that can change a verdict happens in the last transaction, at its COMMIT or not at all. A large change first loads the
 * chains that no packet can reach yet.
 */
export const tableText = (
  { fresh, changed, appended = [], emptied, deleted, hooks }: TableChange,
  table: TableName = 'security',
): string => {
  const isMuch = ruleLines([...fresh, ...changed]).length > PORTION;
  const atOnce = isMuch ? changed : [...fresh, ...changed];
  const lines = [
    ...[...atOnce.map(({ name }): string => name), ...emptied, ...deleted].sort().map(declare),
    ...ruleLines(atOnce),
    ...appended.flatMap(({ chain, behind }) => rulesBehind(chain, behind).map((rule) => `-A ${chain.name} ${rule}`)),
    ...hooks,
    ...deleted.toSorted().map((name) => `-X ${name}`),
  ];
  return `${isMuch ? loadAhead(fresh, table) : ''}${transaction(lines, table)}`;
};

/**
 * Returns the change from a table's read state to the wanted one: only chains whose rules differ. A stale chain that other
 * programs' rules lead to is emptied and stays: deleting it would fail, and with it the whole transaction.
 */
export const compareTable = <In extends Hook>(
  seen: ObservedTable<In>,
  { chains, hooks }: TableProgram<In>,
): TableChange => {
  const differing = [...chains.values()].filter((chain) => !sameRules(seen.chains.get(chain.name), chainRules(chain)));
  const reached = differing.length === 0 ? new Set<string>() : reachedChains(seen);
  const stale = [...seen.chains].filter(([name]) => isOwnChain(name) && !chains.has(name));
  const wanted = new Map<Hook, RuleText>(hooks.map((jump) => [jump.hook, hookRule(jump)]));
  return {
    fresh: differing.filter(({ name }) => !reached.has(name)),
    changed: differing.filter(({ name }) => reached.has(name)),
    emptied: stale.filter(([name, rules]) => seen.heldByOthers.has(name) && rules.length > 0).map(([name]) => name),
    deleted: stale.map(([name]) => name).filter((name) => !seen.heldByOthers.has(name)),
    hooks: hooksOf(seen).flatMap((hook) => planHook(hook, seen.hooks[hook], wanted.get(hook))),
  };
};

/** Returns restore text that removes our part of the table, or ''. */
export const removalText = <In extends Hook>(seen: ObservedTable<In>, table: TableName): string =>
  tableText(compareTable(seen, { chains: new Map(), hooks: [] }), table);

/** Reports whether a body continues the former one: the same rules, and more of them. */
const isContinued = (before: Chain, after: Chain): boolean =>
  isBodyChain(after.name) &&
  before.rules.length < after.rules.length &&
  before.rules.every((rule, at) => rule === after.rules[at]);

/** Returns the change from one rule set to the next, for a table in the expected state. */
export const changeTable = (changes: FamilyDelta['chains']): TableChange => {
  const fresh: Chain[] = [];
  const changed: Chain[] = [];
  const appended: { chain: Chain; behind: number }[] = [];
  const deleted: string[] = [];
  for (const [name, { before, after }] of changes) {
    if (after === undefined) deleted.push(name);
    else if (before === undefined) fresh.push(after);
    else if (isContinued(before, after)) appended.push({ chain: after, behind: before.rules.length });
    else changed.push(after);
  }
  return { fresh, changed, appended, emptied: [], deleted, hooks: [] };
};

const NOTHING: TableProgram<RawHook> = { chains: new Map(), hooks: [] };

/** Returns restore text that changes the raw table from its read state to the wanted one, or ''. */
export const compareRaw = (
  seen: ObservedTable<RawHook> | undefined,
  wanted: TableProgram<RawHook> | undefined,
): string => tableText(compareTable(seen ?? EMPTY_RAW_TABLE, wanted ?? NOTHING), 'raw');

/** Returns the table's read state if no other program has changed it. */
const undisturbed = ({ chains, hooks }: TableProgram<RawHook>): ObservedTable<RawHook> => ({
  chains: new Map([...chains].map(([name, chain]) => [name, chainRules(chain)])),
  hooks: { PREROUTING: hooks.map(hookRule) },
  heldByOthers: new Set(),
});

/** Returns restore text that changes the raw table from one rule set to the next, or ''. */
export const changeRaw = (change: RawChange | undefined): string =>
  change === undefined ? '' : compareRaw(undisturbed(change.before ?? NOTHING), change.after);
