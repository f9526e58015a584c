import type { IpFamily } from '../model/family.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { type CommandRunner, CommandError } from './command.ts';
import { createIpSets, type IpSets } from './ipset.ts';
import { type Backend, createFilterTable } from './iptables.ts';
import { createRawTables } from './raw-tables.ts';

export interface KernelOptions {
  readonly backend: Backend;
  readonly families: readonly IpFamily[];
  readonly xtablesWaitSeconds: number;
}

/** Sets that something still names cannot go; each is tried alone so that one does not keep the others. */
const destroyWhatCan = async (sets: IpSets, lines: readonly string[]): Promise<void> => {
  try {
    await sets.restore(lines.map((line) => `${line}\n`).join(''));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (lines.length > 1) for (const line of lines) await destroyWhatCan(sets, [line]);
  }
};

/** The packet filter of the network namespace that `runner` works in. */
export const createKernel = (runner: CommandRunner, options: KernelOptions): Kernel => {
  const { backend, families, xtablesWaitSeconds } = options;
  const sets = createIpSets(runner);
  const tables = families.map((family) => ({
    family,
    table: createFilterTable(runner, family, backend, xtablesWaitSeconds),
  }));
  const raw = createRawTables(tables);
  return {
    families,
    async observe() {
      const [seen, seenRaw, ...read] = await Promise.all([
        sets.read(),
        raw.observe(),
        ...tables.map(async ({ family, table }) => [family, await table.read()] as const),
      ]);
      return { sets: seen, tables: Object.fromEntries(read), ...(seenRaw === undefined ? {} : { raw: seenRaw }) };
    },
    async apply(plan) {
      if (plan.prepare !== '') await sets.restore(plan.prepare);
      const outcomes = await Promise.allSettled(
        tables.map(async ({ family, table }) => {
          const text = plan.tables[family];
          if (text !== undefined) await table.restore(text);
        }),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      if (plan.finish !== '') await sets.restore(plan.finish);
      if (plan.destroy.length > 0) await destroyWhatCan(sets, plan.destroy);
      if (plan.raw !== undefined) await raw.apply(plan.raw);
    },
  };
};
