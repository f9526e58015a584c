import type { IpFamily } from '../model/family.ts';
import type { NodeProgram } from '../program/node-program.ts';
import { parseIptablesSave, parseRawTable } from '../render/parse-iptables.ts';
import { compareRaw, compareTable, tableText } from '../render/plan-table.ts';
import type { FamilyTables } from './family-tables.ts';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../model/clock.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import type { Lookout } from '../reconcile/lookout.ts';
import type { Plan } from '../render/plan.ts';
import type { StartCompanion } from './companion.ts';
import type { Backend } from './iptables.ts';
import { createRuleMonitor } from './rule-monitor.ts';
import type { SetReader } from './netlink/set-reader.ts';
import { createSetLists } from './set-lists.ts';

/** Compares our tables as text, and parses them only if the text differs from the last one that was right. */
interface TableText {
  /** @param of all families if absent. @throws UnreadTableError */
  holds(program: NodeProgram, of?: readonly IpFamily[]): Promise<boolean>;
  /** Takes the fact that the rule set has changed. */
  forget(): void;
}

/** Dates and packet counters. */
const MOMENTS = /^#.*\n|(?<=^:\S+ \S+) \[\d+:\d+\]$/gm;

export const createTableText = (tables: readonly Pick<FamilyTables, 'family' | 'text'>[]): TableText => {
  /** The last text that was right. */
  let right: string | undefined;
  return {
    async holds(program, of) {
      const asked = of === undefined ? tables : tables.filter(({ family }) => of.includes(family));
      const texts = await Promise.all(
        asked.map(async ({ family, text }) => {
          const { raw } = program[family];
          const [home, rawText] = await Promise.all([text('home'), raw === undefined ? '' : text('raw')]);
          return { family, home: home.replaceAll(MOMENTS, ''), raw: rawText.replaceAll(MOMENTS, '') };
        }),
      );
      const text = texts.map(({ home, raw }) => home + raw).join('');
      if (text === right) return true;
      const holds = texts.every(
        ({ family, home, raw }) =>
          tableText(compareTable(parseIptablesSave(home), program[family])) === '' &&
          compareRaw(parseRawTable(raw), program[family].raw) === '',
      );
      right = holds ? text : undefined;
      return holds;
    },
    forget() {
      right = undefined;
    },
  };
};

interface LookoutOptions {
  readonly backend: Backend;
  readonly families: readonly IpFamily[];
  /** Interval of drift checks. */
  readonly intervalMs: number;
  /** Called when another program has changed our rules, so that a check is worthwhile. At most once in half an interval. */
  readonly onTouched: () => void;
}

interface LookoutDeps {
  readonly tables: readonly FamilyTables[];
  readonly start: StartCompanion;
  readonly sets: SetReader;
  readonly clock: Clock;
}

export interface KernelLookout extends Lookout {
  /** Returns the kernel with reads and writes that the drift check knows of. */
  over(kernel: Kernel): Kernel;
  /** Returns the names of the programs that changed our rules since the last call, as far as the kernel reports them. */
  takeCulprits(): readonly string[];
  stop(): void;
}

/** Full comparison this many intervals after our last change, whatever the cheap checks found; */
const QUIET = 1;
/** at most this often after changes; */
const FULL_AFTER_CHANGES = 5;
/** at the latest after this many intervals under constant change; */
const FULL_UNDER_CHANGES = 30;
/** and after this many intervals without changes. */
const FULL = 75;
/** Members are read at every other check (slightly less, since intervals are not exact), */
const MEMBERS = 1.9;
const MEMBERS_AT_MOST = 14.5;
/** but rarely enough to keep the kernel's answers below this many bytes per second: 12,000 members, 0.3 % of a core. */
const MEMBERS_PER_SECOND = 300_000;

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

const ownTexts = ({ tables, former = {}, raw = {} }: Plan): readonly string[] =>
  [tables, former, raw].flatMap((texts) => Object.values(texts));

const transactions = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + text.split('\nCOMMIT').length - 1, 0);

/**
 * Creates the drift check. Each check reads the headers of all sets, which have the number of members. Rules are
 * unchanged while the kernel reports no change (nft), or their text is the same (legacy). Members that were exchanged
 * one for one show only in all members: these are read at every other check, and less often if there are very many.
 */
export const createKernelLookout = (
  options: LookoutOptions,
  { tables: read, start, sets: reader, clock }: LookoutDeps,
): KernelLookout => {
  const { backend, families, intervalMs } = options;
  const never = Number.NEGATIVE_INFINITY;
  let tablesReadAt = never;
  let fullAt = never;
  let changedAt = never;
  let membersDueAt = never;
  let toldAt = never;
  let cancel: (() => void) | undefined;

  const tell = (): void => {
    cancel ??= clock.after(Math.max(0, toldAt + intervalMs / 2 - clock.now()), () => {
      cancel = undefined;
      toldAt = clock.now();
      options.onTouched();
    });
  };
  const monitor = backend === 'nft' ? createRuleMonitor(start, clock, tell) : undefined;
  const sets = createSetLists(reader, families);
  const tables = createTableText(read);

  const tablesHold = async (program: NodeProgram, of?: readonly IpFamily[]): Promise<boolean> => {
    const now = clock.now();
    if (monitor?.since(tablesReadAt) === 'quiet') return true;
    const holds = await tables.holds(program, of);
    tablesReadAt = now;
    return holds;
  };

  const setsHold = async (program: NodeProgram, of?: readonly IpFamily[]): Promise<boolean> => {
    const now = clock.now();
    if (now < membersDueAt) return (await sets.hold(program, 'headers', of)).holds;
    const { holds, size } = await sets.hold(program, 'members', of);
    const pause = (size / MEMBERS_PER_SECOND) * 1000;
    membersDueAt = now + clamp(pause, MEMBERS * intervalMs, MEMBERS_AT_MOST * intervalMs);
    return holds;
  };

  const isFullDue = (): boolean => {
    const now = clock.now();
    const intervals = (now - fullAt) / intervalMs;
    if (changedAt <= fullAt) return intervals >= FULL;
    const isQuiet = now - changedAt >= QUIET * intervalMs;
    return intervals >= (isQuiet ? FULL_AFTER_CHANGES : FULL_UNDER_CHANGES);
  };

  return {
    async suspects(program, of) {
      if (isFullDue()) return true;
      try {
        return !((await tablesHold(program, of)) && (await setsHold(program, of)));
      } catch {
        return true;
      }
    },
    over: (kernel) => ({
      ...kernel,
      observe(scope) {
        tablesReadAt = clock.now();
        fullAt = tablesReadAt;
        return kernel.observe(scope);
      },
      async apply(plan) {
        changedAt = clock.now();
        tables.forget();
        // While the kernel is already working: it takes milliseconds for a first plan. No check runs before that.
        const noted = setImmediate().then(() => {
          sets.changed([plan.prepare, plan.finish, ...plan.destroy].join('\n'));
        });
        const work = (): Promise<void> => kernel.apply(plan);
        try {
          await (monitor === undefined ? work() : monitor.whileOwn(transactions(ownTexts(plan)), work));
        } finally {
          await noted;
        }
      },
    }),
    takeCulprits: () => monitor?.takeCulprits() ?? [],
    stop() {
      cancel?.();
      monitor?.stop();
    },
  };
};
