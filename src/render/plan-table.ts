import { isBodyChain, isOwnChain, mayNameOwnChain, scratchChain } from '../program/names.ts';
import type { FamilyDelta } from '../program/incremental/family-compiler.ts';
import type { Chain, Hook, TableProgram } from '../program/node-program.ts';
import type { ObservedTable, RuleText } from './observed.ts';
import { reachedChains, targetOf } from './reached.ts';
import { chainRules, hookRule, rulesBehind } from './rule-lines.ts';

/**
 * The tables that we have chains in. Policy is judged in security, right after filter; kernels without it (iptables-legacy,
 * no iptable_security) have filter instead, where layouts up to 3 were.
 */
export type TableName = 'security' | 'filter' | 'raw';

/** The hooks that may hold a jump of ours. */
export const hooksOf = <In extends Hook>({ hooks }: ObservedTable<In>): readonly In[] => Object.keys(hooks) as In[];

/** Whether the chain holds these rules, in this order. */
export const sameRules = (a: readonly RuleText[] | undefined, b: readonly RuleText[]): boolean =>
  a?.length === b.length && a.every((rule, at) => rule === b[at]);

/** Whether the rule of a built-in chain leads into a chain of ours, whoever wrote it. */
export const leadsToUs = (rule: RuleText): boolean => mayNameOwnChain(rule) && isOwnChain(targetOf(rule) ?? '');

/** Lines that leave exactly the wanted jump, as the first rule of the hook. */
const planHook = (hook: Hook, seen: readonly RuleText[], wanted: RuleText | undefined): readonly string[] => {
  const ours = seen.filter(leadsToUs);
  const [first] = seen;
  if (wanted === undefined ? ours.length === 0 : ours.length === 1 && first === wanted) return [];
  return [...ours.map((rule) => `-D ${hook} ${rule}`), ...(wanted === undefined ? [] : [`-I ${hook} 1 ${wanted}`])];
};

/**
 * Rules that are certain to fit into one transaction of iptables-nft: it sends a transaction as one message, and in a
 * user namespace it may not raise the limit of its socket, which is reached at some 500 rules (net.core.wmem_default).
 */
const PORTION = 300;

const declare = (name: string): string => `:${name} - [0:0]`;

const ruleLines = (chains: readonly Chain[]): readonly string[] =>
  chains.flatMap((chain) => chainRules(chain).map((rule) => `-A ${chain.name} ${rule}`));

/** Restore text of one transaction. */
const transaction = (lines: readonly string[], table: TableName = 'security'): string =>
  lines.length === 0 ? '' : [`*${table}`, ...lines, 'COMMIT', ''].join('\n');

/** Loads chains that no packet can get to, in portions. */
const loadAhead = (chains: readonly Chain[], table: TableName = 'security'): string => {
  const rules = ruleLines(chains);
  const portions = Array.from({ length: Math.ceil(rules.length / PORTION) }, (_, at) =>
    rules.slice(at * PORTION, (at + 1) * PORTION),
  );
  return [chains.map(({ name }) => declare(name)), ...portions].map((lines) => transaction(lines, table)).join('');
};

/** Loads the rules of the chains into others, which no packet can get to, and removes these: all that it does is be taken or not. */
export const tryOutText = (chains: readonly Chain[], table: TableName = 'security'): string => {
  const scratch = chains.map((chain) => ({ ...chain, name: scratchChain(chain.name) }));
  const names = scratch.map(({ name }) => name);
  return `${loadAhead(scratch, table)}${transaction([...names.map(declare), ...names.map((name) => `-X ${name}`)], table)}`;
};

/** What has to become of one family's table. */
export interface TableChange {
  /** Chains that no packet can get to yet. */
  readonly fresh: readonly Chain[];
  /** Chains that packets may meet, with their new rules. */
  readonly changed: readonly Chain[];
  /** Chains that get further rules behind those that they have, so many. */
  readonly appended?: readonly { readonly chain: Chain; readonly behind: number }[];
  /** Chains that have to be empty, since others lead to them. */
  readonly emptied: readonly string[];
  readonly deleted: readonly string[];
  /** Lines that put the jumps of the hooks right. */
  readonly hooks: readonly string[];
}

/**
 * Restore text (for `iptables-restore --noflush`) of the change, or '' if there is none. Declaring a chain creates or
 * empties it. Whatever can change a verdict happens in the last transaction, at its COMMIT or not at all; where there is
 * much to load, chains that no packet can get to yet go ahead of it.
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
 * What turns the table seen into the program's: only chains whose rules differ appear. A stale chain that others lead to
 * is emptied and stays: deleting it would fail, and all else with it.
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

/** Restore text that takes away what is ours of the table, or ''. */
export const removalText = <In extends Hook>(seen: ObservedTable<In>, table: TableName): string =>
  tableText(compareTable(seen, { chains: new Map(), hooks: [] }), table);

/** A body that is brought in portions: the same rules, and more of them. */
const isContinued = (before: Chain, after: Chain): boolean =>
  isBodyChain(after.name) &&
  before.rules.length < after.rules.length &&
  before.rules.every((rule, at) => rule === after.rules[at]);

/** The way of a table that holds what is expected, from one program to the next. */
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
