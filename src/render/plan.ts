import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Observed } from './observed.ts';
import { planSets, type SetSteps } from './plan-sets.ts';
import { planTable } from './plan-table.ts';

/**
 * The difference between what the kernel holds and what it should hold, as restore text. The steps are taken in the
 * order of the fields; a step with nothing to do is empty text or absent.
 */
export interface Plan {
  /** `ipset restore`: new sets with their members, then what can only deny. */
  readonly prepare: string;
  /** `iptables-restore --noflush`: all chains of the change at once, very many new ones ahead of the rest. */
  readonly tables: Readonly<Partial<Record<IpFamily, string>>>;
  /** `ipset restore`: what can only allow. */
  readonly finish: string;
  /** `ipset restore`, a line for each set that nothing uses any more; a line that fails is tried again later. */
  readonly destroy: readonly string[];
  /** Lines of all steps: how far apart the two states are. */
  readonly size: number;
}

const lineCount = (text: string): number => (text === '' ? 0 : text.split('\n').length - 1);

/**
 * Plans the way from what was seen to the program. Members come off allow sets before the rules change and go onto
 * them afterwards: every set of allow rules only ever adds to what passes, so each state on the way allows nothing
 * that neither end allows. Sets that no rule names yet are filled beforehand, since nothing can meet them.
 */
export const planChanges = (observed: Observed, program: NodeProgram): Plan => {
  const tables: Partial<Record<IpFamily, string>> = {};
  for (const family of IP_FAMILIES) {
    const table = observed.tables[family];
    const text = table === undefined ? '' : planTable(table, program[family]);
    if (text !== '') tables[family] = text;
  }
  const families = IP_FAMILIES.filter((family) => observed.tables[family] !== undefined);
  const desired = new Map(
    families.flatMap((family) => [...program[family].sets].map(([name, set]) => [name, { ...set, family }] as const)),
  );
  const steps: SetSteps = planSets(observed.sets, desired);
  const rulesChange = Object.keys(tables).length > 0;
  const prepare = [...steps.create, ...steps.tighten, ...(rulesChange ? [] : steps.loosen)];
  const finish = rulesChange ? steps.loosen : [];
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  const tableLines = Object.values(tables).reduce((sum, each) => sum + lineCount(each), 0);
  return {
    prepare: text(prepare),
    tables,
    finish: text(finish),
    destroy: steps.destroy,
    size: prepare.length + tableLines + finish.length + steps.destroy.length,
  };
};

/** Nothing to do: the kernel holds the program. */
export const isEmptyPlan = (plan: Plan): boolean => plan.size === 0;
