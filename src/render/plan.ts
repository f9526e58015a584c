import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import type { ProgramDelta } from '../program/incremental/program-compiler.ts';
import type { SetName } from '../program/names.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Observed } from './observed.ts';
import { changeRaw, compareRaw } from './plan-raw.ts';
import { changeSets, compareSets, type DesiredSet, type SetSteps } from './plan-sets.ts';
import { changeTable, compareTable, removalText, tableText } from './plan-table.ts';

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
  /**
   * `iptables-restore --noflush`, of the filter tables: takes away what an agent up to layout 3 left there, once what takes its
   * place is in force. A packet has to pass both meanwhile. Absent where there is nothing to do.
   */
  readonly former?: Readonly<Partial<Record<IpFamily, string>>>;
  /**
   * `iptables-restore --noflush`, of the raw tables, which can only deny. They go by themselves, last of the rules: a kernel
   * that does not take them holds up nothing else. Absent where there is nothing to do.
   */
  readonly raw?: Readonly<Partial<Record<IpFamily, string>>>;
  /** `ipset restore`, a line for each set that nothing uses any more; a line that fails is tried again later. */
  readonly destroy: readonly string[];
  /** Lines of all steps: how far apart the two states are. */
  readonly size: number;
}

/** Nothing to do at all, for plans of single steps. */
export const EMPTY_PLAN: Plan = { prepare: '', tables: {}, finish: '', destroy: [], size: 0 };

const lineCount = (text: string): number => (text === '' ? 0 : text.split('\n').length - 1);

type Tables = Plan['tables'];

/**
 * Members come off allow sets before the rules change and go onto them afterwards: every set of allow rules only ever
 * adds to what passes, so each state on the way allows nothing that neither end allows. Sets that no rule names yet are
 * filled beforehand, since nothing can meet them.
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

/** The sets of the program, in the families that the node has. */
export const desiredSets = ({ tables }: Observed, program: NodeProgram): ReadonlyMap<SetName, DesiredSet> =>
  new Map(
    IP_FAMILIES.filter((family) => tables[family] !== undefined).flatMap((family) =>
      [...program[family].sets].map(([name, set]) => [name, { ...set, family }] as const),
    ),
  );

/** Plans the way from what was seen to the program. */
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
 * Plans the way from one program to the next, for a kernel that holds the first: nothing is compared, so that the work
 * is that of the change.
 * @param families that hold it
 * @param rawFamilies whose raw tables hold it as well
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

/** What of a plan concerns the raw table of one family. */
export const rawAlone = ({ raw }: Plan, family: IpFamily): Plan => {
  const text = raw?.[family] ?? '';
  return text === '' ? EMPTY_PLAN : { ...EMPTY_PLAN, raw: { [family]: text }, size: lineCount(text) };
};

/** Nothing to do: the kernel holds the program. */
export const isEmptyPlan = (plan: Plan): boolean => plan.size === 0;
