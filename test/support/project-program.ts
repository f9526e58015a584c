import type { IpFamily } from '../../src/model/family.ts';
import type { Hook, NodeProgram } from '../../src/program/node-program.ts';
import type { Observed, ObservedSet, ObservedTable, RuleText } from '../../src/render/observed.ts';
import { chainRules, hookRule } from '../../src/render/rule-lines.ts';

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
