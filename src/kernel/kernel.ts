import type { IpFamily } from '../model/family.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { destroyedSet, destroyLine, emptyFirst } from '../render/stale-set.ts';
import { type CommandRunner, CommandError } from './command.ts';
import { createIpSets, type IpSets } from './ipset.ts';
import { type Backend, createFilterTable, restoreAll } from './iptables.ts';
import type { SetReader } from './netlink/set-reader.ts';
import { createRawTables } from './raw-tables.ts';

export interface KernelOptions {
  readonly backend: Backend;
  readonly families: readonly IpFamily[];
  readonly xtablesWaitSeconds: number;
  /** Of the same network namespace. */
  readonly reader: Pick<SetReader, 'read'>;
}

/** So many are not worth a process of their own for the text. */
const FEW = 4;

/** Sets that something still names cannot go; each is tried alone so that one does not keep the others. @returns those that stay */
const destroyWhatCan = async (sets: IpSets, names: readonly string[]): Promise<readonly string[]> => {
  const left: string[] = [];
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return false;
    }
  };
  if (names.length > FEW && (await attempt(() => sets.restore(names.map((name) => `${destroyLine(name)}\n`).join('')))))
    return [];
  for (const name of names) if (!(await attempt(() => sets.destroy(name)))) left.push(name);
  return left;
};

/** The packet filter of the network namespace that `runner` works in. */
export const createKernel = (runner: CommandRunner, options: KernelOptions): Kernel => {
  const { backend, families, xtablesWaitSeconds, reader } = options;
  const sets = createIpSets(runner);
  const tables = families.map((family) => ({
    family,
    table: createFilterTable(runner, family, backend, xtablesWaitSeconds),
  }));
  const raw = createRawTables(tables);
  /** Sets that could not be destroyed. */
  let leftover: readonly string[] = [];
  return {
    families,
    async observe() {
      const [seen, seenRaw, ...read] = await Promise.all([
        reader.read(),
        raw.observe(),
        ...tables.map(async ({ family, table }) => [family, await table.read()] as const),
      ]);
      leftover = leftover.filter((name) => seen.has(name));
      return { sets: seen, tables: Object.fromEntries(read), ...(seenRaw === undefined ? {} : { raw: seenRaw }) };
    },
    async apply(plan) {
      if (plan.prepare !== '') await sets.restore(emptyFirst(plan.prepare, leftover).lines);
      await restoreAll(tables, plan.tables);
      if (plan.finish !== '') await sets.restore(plan.finish);
      try {
        if (plan.raw !== undefined) await raw.apply(plan.raw);
      } finally {
        // Rules of the raw table name sets too; whether they could be changed or not, the others' are not needed any more.
        if (plan.destroy.length > 0) {
          leftover = [...new Set([...leftover, ...(await destroyWhatCan(sets, plan.destroy.map(destroyedSet)))])];
        }
      }
    },
  };
};
