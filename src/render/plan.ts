import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import type { ProgramDelta } from '../program/incremental/program-compiler.ts';
import { isMarkerSet, type SetName } from '../program/names.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Observed } from './observed.ts';
import { changeRaw, compareRaw, changeTable, compareTable, removalText, tableText } from './plan-table.ts';
import {
  changeSets,
  compareSets,
  type DesiredSet,
  type SetSteps,
  destroyedSet,
  destroyLine,
  emptyFirst,
} from './plan-sets.ts';

/**
 * The changes from the kernel's state to the wanted state, as restore text. The steps are applied in the order of the
 * fields; a step without changes is empty text or absent.
 */
export interface Plan {
  /** `ipset restore`: new sets with their members, then changes that can only deny. */
  readonly prepare: string;
  /** `iptables-restore --noflush`: all chains of the change at once; very many new ones are loaded before the rest. */
  readonly tables: Readonly<Partial<Record<IpFamily, string>>>;
  /** `ipset restore`: changes that can only allow. */
  readonly finish: string;
  /**
   * `iptables-restore --noflush` for the filter tables: removes what an agent up to layout 3 left there, once its replacement
   * is in force. Until then packets must pass both. Absent if there is nothing to do.
   */
  readonly former?: Readonly<Partial<Record<IpFamily, string>>>;
  /**
   * `iptables-restore --noflush` for the raw tables, which can only deny. They are applied by themselves after the
   * other rules, so that a kernel that rejects them delays nothing else. Absent if there is nothing to do.
   */
  readonly raw?: Readonly<Partial<Record<IpFamily, string>>>;
  /** `ipset restore`, one line for each stale set; a line that fails is retried later. */
  readonly destroy: readonly string[];
  /** Number of lines in all steps. */
  readonly size: number;
}

/** An empty plan, for plans of single steps. */
export const EMPTY_PLAN: Plan = { prepare: '', tables: {}, finish: '', destroy: [], size: 0 };

const lineCount = (text: string): number => (text === '' ? 0 : text.split('\n').length - 1);

type Tables = Plan['tables'];

/**
 * Orders the steps: members leave allow sets before the rules change, and join them afterwards. Allow sets only ever add to
 * what passes, so no intermediate state allows anything that neither end allows. Sets that no rule names yet are filled
 * first, since no packet can meet them.
 */
const inOrder = (tables: Tables, former: Tables, raw: Tables, steps: SetSteps): Plan => {
  const rulesChange = Object.keys(tables).length > 0;
  const prepare = [...steps.create, ...steps.tighten, ...(rulesChange ? [] : steps.loosen)];
  const finish = rulesChange ? steps.loosen : [];
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  const tableLines = [tables, former, raw]
    .flatMap((texts) => Object.values(texts))
    .reduce((sum, each) => sum + lineCount(each), 0);
  return {
    prepare: text(prepare),
    tables,
    finish: text(finish),
    ...(Object.keys(former).length > 0 ? { former } : {}),
    ...(Object.keys(raw).length > 0 ? { raw } : {}),
    destroy: steps.destroy,
    size: prepare.length + tableLines + finish.length + steps.destroy.length,
  };
};

const textsOf = (families: readonly IpFamily[], text: (family: IpFamily) => string): Tables =>
  Object.fromEntries(families.map((family) => [family, text(family)] as const).filter(([, each]) => each !== ''));

/** Returns the sets of the rule set, in the families that the node has. */
export const desiredSets = ({ tables }: Observed, program: NodeProgram): ReadonlyMap<SetName, DesiredSet> =>
  new Map(
    IP_FAMILIES.filter((family) => tables[family] !== undefined).flatMap((family) =>
      [...program[family].sets].map(([name, set]) => [name, { ...set, family }] as const),
    ),
  );

/** Plans the changes from a read state to the rule set. */
export const planChanges = (observed: Observed, program: NodeProgram): Plan => {
  const { tables, sets } = observed;
  const families = IP_FAMILIES.filter((family) => tables[family] !== undefined);
  const texts = textsOf(families, (family) => {
    const seen = tables[family];
    return seen === undefined ? '' : tableText(compareTable(seen, program[family]));
  });
  const raw = textsOf(families, (family) => compareRaw(observed.raw?.[family], program[family].raw));
  const former = textsOf(families, (family) => {
    const seen = observed.former?.[family];
    return seen === undefined ? '' : removalText(seen, 'filter');
  });
  return inOrder(texts, former, raw, compareSets(sets, desiredSets(observed, program)));
};

/**
 * Plans the changes from one rule set to the next, for a kernel that has the first. Compares nothing, so that the work
 * depends on the change only.
 * @param families the families that have it
 * @param rawFamilies the families whose raw tables have it as well
 */
export const planDelta = (
  delta: ProgramDelta,
  families: readonly IpFamily[],
  rawFamilies: readonly IpFamily[] = families,
): Plan => {
  const texts = textsOf(families, (family) => tableText(changeTable(delta[family].chains)));
  const raw = textsOf(rawFamilies, (family) => changeRaw(delta[family].raw));
  const ways = families.map((family) => changeSets(family, delta[family].sets));
  return inOrder(texts, {}, raw, {
    create: ways.flatMap(({ create }) => create),
    tighten: ways.flatMap(({ tighten }) => tighten),
    loosen: ways.flatMap(({ loosen }) => loosen),
    destroy: ways.flatMap(({ destroy }) => destroy),
  });
};

/** Returns the part of a plan for one family's raw table. */
export const rawAlone = ({ raw }: Plan, family: IpFamily): Plan => {
  const text = raw?.[family] ?? '';
  return text === '' ? EMPTY_PLAN : { ...EMPTY_PLAN, raw: { [family]: text }, size: lineCount(text) };
};

/** Reports whether the kernel already has the rule set. */
export const isEmptyPlan = (plan: Plan): boolean => plan.size === 0;

/** Reports whether the plan only destroys markers, which belong to no rule set: the kernel has the rule set as it is. */
export const isTidying = ({ size, destroy }: Plan): boolean =>
  size === destroy.length && destroy.every((line) => isMarkerSet(destroyedSet(line)));

/**
 * Stale sets, which cost only memory, and so can wait: nft uses a set for some milliseconds after its rules are gone,
 * and trying in vain costs more than the change itself.
 */
interface StaleSets {
  /** Returns the plan without the steps that can wait. */
  defer(plan: Plan): Plan;
  /** Returns a plan that destroys the sets that have waited since the last call, if there are any. */
  takeDue(): Plan | undefined;
  /** Takes the fact that a plan which destroys all stale sets is being applied. */
  clear(): void;
}

export const createStaleSets = (): StaleSets => {
  /** Names of new stale sets. */
  let fresh: readonly string[] = [];
  let due: readonly string[] = [];

  return {
    defer({ destroy, ...plan }) {
      const { lines, again } = emptyFirst(plan.prepare, [...fresh, ...due]);
      const isStale = (name: string): boolean => !again.includes(name);
      fresh = [...fresh.filter(isStale), ...destroy.map(destroyedSet)];
      due = due.filter(isStale);
      return { ...plan, prepare: lines, destroy: [], size: plan.size - destroy.length + again.length };
    },
    takeDue() {
      const now = due;
      due = fresh;
      fresh = [];
      return now.length === 0 ? undefined : { ...EMPTY_PLAN, destroy: now.map(destroyLine), size: now.length };
    },
    clear() {
      fresh = [];
      due = [];
    },
  };
};
