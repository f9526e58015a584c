import type { IpFamily } from '../model/family.ts';
import type { Hook, NodeProgram } from '../program/node-program.ts';
import type { Observed, ObservedSet, ObservedTable, RuleText } from './observed.ts';
import { chainRules, hookRule } from './rule-lines.ts';

const EMPTY_TABLE: ObservedTable = { chains: new Map(), hooks: { FORWARD: [], OUTPUT: [] }, heldByOthers: new Set() };

/** A node that holds nothing of ours, with the given families. */
export const nothingObserved = (families: readonly IpFamily[]): Observed => ({
  tables: Object.fromEntries(families.map((family) => [family, EMPTY_TABLE])),
  sets: new Map(),
});

/** What would be observed right after the program was applied, foreign rules of the hooks left out. */
export const projectProgram = (program: NodeProgram, families: readonly IpFamily[]): Observed => {
  const sets = new Map<string, ObservedSet>();
  const tables: Partial<Record<IpFamily, ObservedTable>> = {};
  for (const family of families) {
    const { chains, hooks, sets: wanted } = program[family];
    const jumps: Record<Hook, RuleText[]> = { FORWARD: [], OUTPUT: [] };
    for (const jump of hooks) jumps[jump.hook].push(hookRule(jump));
    tables[family] = {
      chains: new Map([...chains.values()].map((chain) => [chain.name, chainRules(chain)])),
      hooks: jumps,
      heldByOthers: new Set(),
    };
    for (const { name, type, members } of wanted.values()) {
      sets.set(name, { type, family, members, maxElements: Number.POSITIVE_INFINITY });
    }
  }
  return { tables, sets };
};
