import type { IpFamily } from '../../src/model/family.ts';
import type { PolicyHook, NodeProgram, RawHook } from '../../src/program/node-program.ts';
import type { Observed, ObservedSet, ObservedTable, RuleText } from '../../src/render/observed.ts';
import { chainRules, hookRule } from '../../src/render/rule-text.ts';

/** Returns the state right after the rule set was applied, without foreign rules of the hooks. */
export const projectProgram = (program: NodeProgram, families: readonly IpFamily[]): Observed => {
  const sets = new Map<string, ObservedSet>();
  const tables: Partial<Record<IpFamily, ObservedTable>> = {};
  const rawTables: Partial<Record<IpFamily, ObservedTable<RawHook>>> = {};
  for (const family of families) {
    const { chains, hooks, sets: wanted, raw } = program[family];
    const jumps: Record<PolicyHook, RuleText[]> = { FORWARD: [], OUTPUT: [] };
    for (const jump of hooks) jumps[jump.hook].push(hookRule(jump));
    tables[family] = {
      chains: new Map([...chains.values()].map((chain) => [chain.name, chainRules(chain)])),
      hooks: jumps,
      heldByOthers: new Set(),
    };
    if (raw !== undefined) {
      rawTables[family] = {
        chains: new Map([...raw.chains.values()].map((chain) => [chain.name, chainRules(chain)])),
        hooks: { PREROUTING: raw.hooks.map(hookRule) },
        heldByOthers: new Set(),
      };
    }
    for (const { name, type, members } of wanted.values()) {
      sets.set(name, { type, family, members, maxElements: Number.POSITIVE_INFINITY });
    }
  }
  return { tables, sets, ...(Object.keys(rawTables).length > 0 ? { raw: rawTables } : {}) };
};
