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

/** Sets that something still names cannot go; each is tried alone so that one does not keep the others. @returns those that stay */
const destroyWhatCan = async (sets: IpSets, lines: readonly string[]): Promise<readonly string[]> => {
  try {
    await sets.restore(lines.map((line) => `${line}\n`).join(''));
    return [];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const [only] = lines;
    if (lines.length === 1 && only !== undefined) return [only.slice('destroy '.length)];
    const left: string[] = [];
    for (const line of lines) left.push(...(await destroyWhatCan(sets, [line])));
    return left;
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
  /** Sets that could not be destroyed. What they hold is of no state that counts. */
  let leftover: readonly string[] = [];
  /** A plan that makes such a set knows nothing of what it holds: members would come back that nobody allows any more. */
  const emptied = (prepare: string): string => {
    const again = leftover.filter((name) => prepare.includes(`create ${name} `));
    return `${again.map((name) => `flush ${name}\n`).join('')}${prepare}`;
  };
  return {
    families,
    async observe() {
      const [seen, seenRaw, ...read] = await Promise.all([
        sets.read(),
        raw.observe(),
        ...tables.map(async ({ family, table }) => [family, await table.read()] as const),
      ]);
      leftover = leftover.filter((name) => seen.has(name));
      return { sets: seen, tables: Object.fromEntries(read), ...(seenRaw === undefined ? {} : { raw: seenRaw }) };
    },
    async apply(plan) {
      if (plan.prepare !== '') await sets.restore(emptied(plan.prepare));
      const outcomes = await Promise.allSettled(
        tables.map(async ({ family, table }) => {
          const text = plan.tables[family];
          if (text !== undefined) await table.restore(text);
        }),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      if (plan.finish !== '') await sets.restore(plan.finish);
      if (plan.destroy.length > 0)
        leftover = [...new Set([...leftover, ...(await destroyWhatCan(sets, plan.destroy))])];
      if (plan.raw !== undefined) await raw.apply(plan.raw);
    },
  };
};
