import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import type { FamilyProgram, Hook, NodeProgram, TableProgram } from '../program/node-program.ts';
import type { Observed, ObservedSet, ObservedTable, RuleText } from './observed.ts';
import { EMPTY_RAW_TABLE } from './nothing-observed.ts';
import { hooksOf, leadsToUs, sameRules } from './plan-table.ts';
import { chainRules, hookRule } from './rule-text.ts';

/**
 * Kinds of changes by other programs to our part of the kernel. Each is a label of a metric, so the list is short and
 * fixed.
 */
export const TAMPERING_KINDS = [
  'jump_missing',
  /** The jump still exists, but other rules come before it. */
  'jump_displaced',
  /** Another rule of a hook leads into our chains. */
  'jump_added',
  'chain_missing',
  'chain_changed',
  /** A chain with our prefix that we did not make. */
  'chain_added',
  'set_missing',
  /** Re-created with another type, family, or too little room. */
  'set_changed',
  'members_added',
  'members_removed',
] as const;

export type TamperingKind = (typeof TAMPERING_KINDS)[number];

/** An object of ours that another program has changed. */
export interface Tampering {
  readonly kind: TamperingKind;
  readonly family: IpFamily;
  /** The hook, the chain or the set. */
  readonly name: string;
}

type Found = Omit<Tampering, 'family'>;

const ofHook = (name: Hook, seen: readonly RuleText[], wanted: RuleText | undefined): readonly Found[] => {
  const ours = seen.filter(leadsToUs).length;
  const kept = wanted !== undefined && seen.includes(wanted);
  return [
    ...(wanted !== undefined && !kept ? [{ kind: 'jump_missing' as const, name }] : []),
    ...(kept && seen[0] !== wanted ? [{ kind: 'jump_displaced' as const, name }] : []),
    ...(ours > (kept ? 1 : 0) ? [{ kind: 'jump_added' as const, name }] : []),
  ];
};

const ofTable = <In extends Hook>(seen: ObservedTable<In>, { chains, hooks }: TableProgram<In>): readonly Found[] => {
  const wanted = new Map<Hook, RuleText>(hooks.map((jump) => [jump.hook, hookRule(jump)]));
  const known: ReadonlyMap<string, unknown> = chains;
  return [
    ...hooksOf(seen).flatMap((hook) => ofHook(hook, seen.hooks[hook], wanted.get(hook))),
    ...[...chains.values()].flatMap((chain): readonly Found[] => {
      const rules = seen.chains.get(chain.name);
      if (rules === undefined) return [{ kind: 'chain_missing', name: chain.name }];
      return sameRules(rules, chainRules(chain)) ? [] : [{ kind: 'chain_changed', name: chain.name }];
    }),
    ...[...seen.chains]
      // A chain that other rules lead to cannot be deleted, only emptied.
      .filter(([name, rules]) => !known.has(name) && (rules.length > 0 || !seen.heldByOthers.has(name)))
      .map(([name]): Found => ({ kind: 'chain_added', name })),
  ];
};

const ofSets = (seen: ReadonlyMap<string, ObservedSet>, family: IpFamily, { sets }: FamilyProgram): readonly Found[] =>
  [...sets.values()].flatMap(({ name, type, members, timeoutSeconds }): readonly Found[] => {
    const set = seen.get(name);
    if (set === undefined) return [{ kind: 'set_missing', name }];
    if (set.type !== type || set.family !== family) return [{ kind: 'set_changed', name }];
    if (timeoutSeconds !== undefined) return [];
    return [
      ...(set.maxElements < members.size ? [{ kind: 'set_changed' as const, name }] : []),
      ...(set.members.isSubsetOf(members) ? [] : [{ kind: 'members_added' as const, name }]),
      ...(members.isSubsetOf(set.members) ? [] : [{ kind: 'members_removed' as const, name }]),
    ];
  });

/**
 * Returns what was changed since the rule set was applied. A set that the rule set does not contain is no tampering: no rule
 * of ours uses it, and it may be one that we could not destroy yet.
 */
export const findTampering = (observed: Observed, program: NodeProgram): readonly Tampering[] =>
  IP_FAMILIES.flatMap((family) => {
    const table = observed.tables[family];
    if (table === undefined) return [];
    const { raw } = program[family];
    const found = [
      ...ofTable(table, program[family]),
      ...(raw === undefined ? [] : ofTable(observed.raw?.[family] ?? EMPTY_RAW_TABLE, raw)),
      ...ofSets(observed.sets, family, program[family]),
    ];
    return found.map((each) => ({ ...each, family }));
  });
