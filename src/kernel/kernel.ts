import type { IpFamily } from '../model/family.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { destroyedSet, destroyLine, emptyFirst } from '../render/plan-sets.ts';
import { type CommandRunner, CommandError } from './command.ts';
import { createIpSets, type IpSets } from './restore-programs.ts';
import { createFormerTables } from './former-tables.ts';
import { createFamilyTables, type FamilyTables, type HomeTable, restoreAll } from './family-tables.ts';
import type { Backend } from './iptables.ts';
import type { NftReader } from './netlink/nft-reader.ts';
import type { SetReader } from './netlink/set-reader.ts';
import { createRawTables } from './raw-tables.ts';

export interface KernelOptions {
  readonly backend: Backend;
  readonly families: readonly IpFamily[];
  readonly xtablesWaitSeconds: number;
  /** Of the same network namespace. */
  readonly reader: Pick<SetReader, 'read'>;
  readonly nft: NftReader;
  /** The table in which policy is judged, by family; security by default. */
  readonly homes?: Readonly<Partial<Record<IpFamily, HomeTable>>> | undefined;
}

/** Maximum attempts in a row, so that a change that comes meanwhile does not wait longer. */
const MOST_ATTEMPTS = 4;

/** The line at which ipset(8) stopped, counted from 1. */
const STOPPED_AT = /\bline (\d+):/;

/**
 * Destroys sets. One that is still in use stays: ipset stops at it, and the rest is tried without it.
 * @returns the sets that stay
 */
const destroyWhatCan = async (sets: IpSets, names: readonly string[]): Promise<readonly string[]> => {
  const left: string[] = [];
  let rest = names;
  for (let attempts = 0; attempts < MOST_ATTEMPTS && rest.length > 0; attempts += 1) {
    try {
      await sets.restore(rest.map((name) => `${destroyLine(name)}\n`).join(''));
      return left;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const line = Number(STOPPED_AT.exec(error.stderr)?.[1] ?? 1);
      left.push(...rest.slice(line - 1, line));
      rest = rest.slice(line);
    }
  }
  return [...left, ...rest];
};

/** Returns the tables of each family. */
export const tablesOf = (runner: CommandRunner, options: Omit<KernelOptions, 'reader'>): readonly FamilyTables[] =>
  options.families.map((family) =>
    createFamilyTables(runner, {
      family,
      backend: options.backend,
      home: options.homes?.[family] ?? 'security',
      waitSeconds: options.xtablesWaitSeconds,
      nft: options.nft,
    }),
  );

/** Creates access to the packet filter of the network namespace that `runner` works in. */
export const createKernel = (runner: CommandRunner, options: KernelOptions): Kernel => {
  const { families, reader } = options;
  const ipSets = createIpSets(runner);
  const tables = tablesOf(runner, options);
  const raw = createRawTables(tables);
  const former = createFormerTables(tables);
  /** Sets that could not be destroyed. */
  let leftover: readonly string[] = [];
  return {
    families,
    async observe(scope = { families, raw: families }) {
      const asked = tables.filter(({ family }) => scope.families.includes(family));
      const [seen, seenRaw, seenFormer, ...read] = await Promise.all([
        reader.read(),
        raw.observe(scope.raw),
        former.observe(scope.families),
        ...asked.map(async (table) => [table.family, await table.read()] as const),
      ]);
      leftover = leftover.filter((name) => seen.has(name));
      const sets =
        asked.length === tables.length
          ? seen
          : new Map([...seen].filter(([, { family }]) => scope.families.includes(family)));
      return {
        sets,
        tables: Object.fromEntries(read),
        ...(seenFormer === undefined ? {} : { former: seenFormer }),
        ...(seenRaw === undefined ? {} : { raw: seenRaw }),
      };
    },
    async apply(plan) {
      if (plan.prepare !== '') await ipSets.restore(emptyFirst(plan.prepare, leftover).lines);
      await restoreAll(tables, plan.tables);
      if (plan.finish !== '') await ipSets.restore(plan.finish);
      former.settle();
      // Neither delays the other one or the next steps: sets that their rules still name are left for later.
      const rest = await Promise.allSettled([former.apply(plan.former ?? {}), plan.raw && raw.apply(plan.raw)]);
      if (plan.destroy.length > 0) {
        leftover = [...new Set([...leftover, ...(await destroyWhatCan(ipSets, plan.destroy.map(destroyedSet)))])];
      }
      const failed = rest.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
};
