import { randomUUID } from 'node:crypto';
import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import type { FamilyTables } from '../../src/kernel/family-tables.ts';
import { type Backend, iptablesProgram } from '../../src/kernel/iptables.ts';
import { createKernel, tablesOf } from '../../src/kernel/kernel.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { type Plan, planChanges } from '../../src/render/plan.ts';
import { netlinkIn } from '../support/lab/netlink-in.ts';
import type { Netlink } from '../../src/kernel/netlink/netlink.ts';
import type { NftReader } from '../../src/kernel/netlink/nft-reader.ts';
import type { SetReader } from '../../src/kernel/netlink/set-reader.ts';
import type { TableName } from '../../src/render/plan-table.ts';
import { withoutMoments } from '../support/without-moments.ts';

/** The real packet filter of a network namespace that was made for one test. */
export interface PacketFilter {
  /** Of the network namespace. */
  readonly name: string;
  readonly kernel: Kernel;
  /** Runs commands in the namespace. */
  readonly runner: CommandRunner;
  readonly netlink: Netlink;
  readonly reader: SetReader;
  readonly nft: NftReader;
  readonly tables: readonly FamilyTables[];
  /** Returns iptables-save's output of the table without dates and counters; of the security table by default. */
  table(family: IpFamily, table?: TableName): Promise<string>;
  /** Returns the output of `ipset save` without random numbers. */
  sets(): Promise<string>;
  /** Returns the targets of the rules of an IPv4 chain, in order; '' for a rule without one. */
  targets(table: TableName, chain: string): Promise<readonly string[]>;
  /** Returns all of the above, of the security and filter tables. */
  text(): Promise<string>;
  /** Loads restore text like another program, into the security table by default. */
  load(family: IpFamily, lines: readonly string[], table?: TableName): Promise<void>;
  loadSets(lines: readonly string[]): Promise<void>;
  /** Plans from the read state and applies the plan. @returns the plan */
  bring(program: NodeProgram): Promise<Plan>;
  /** Returns what is still to be done. */
  left(program: NodeProgram): Promise<Plan>;
  close(): Promise<void>;
}

export const openPacketFilter = async (backend: Backend): Promise<PacketFilter> => {
  const outside = createCommandRunner();
  await prepareSandbox(outside);
  const name = `filter-${randomUUID()}`;
  await outside.run('ip', ['netns', 'add', name]);
  const runner = createCommandRunner(inNetns(name));
  const { netlink, reader, nft } = netlinkIn(inNetns(name));
  const options = { backend, families: IP_FAMILIES, xtablesWaitSeconds: 5, reader, nft };
  const kernel = createKernel(runner, options);

  const table = async (family: IpFamily, of: TableName = 'security'): Promise<string> =>
    withoutMoments(await runner.run(iptablesProgram(family, backend, 'save'), ['-t', of]));
  const sets = async (): Promise<string> =>
    (await runner.run('ipset', ['save']))
      .replaceAll(/ initval 0x[0-9a-f]+/g, '')
      .split('\n')
      .sort()
      .join('\n');

  const filter: PacketFilter = {
    name,
    kernel,
    runner,
    netlink,
    reader,
    nft,
    tables: tablesOf(runner, options),
    table,
    sets,
    async targets(of, chain) {
      if (backend === 'nft')
        return (await nft.rules({ family: 'ipv4', table: of, chain })).map(({ target = '' }) => target);
      const rows = (await runner.run('iptables-legacy', ['-t', of, '-n', '-L', chain])).split('\n').slice(2, -1);
      return rows.map((row) => row.split(' ', 1)[0] ?? '');
    },
    text: async () => {
      const tables = IP_FAMILIES.flatMap((family) => [table(family), table(family, 'filter')]);
      return (await Promise.all([...tables, sets()])).join('\n');
    },
    async load(family, lines, of = 'security') {
      const input = [`*${of}`, ...lines, 'COMMIT', ''].join('\n');
      await runner.run(iptablesProgram(family, backend, 'restore'), ['--noflush', '-w', '5'], { input });
    },
    async loadSets(lines) {
      await runner.run('ipset', ['restore'], { input: `${lines.join('\n')}\n` });
    },
    async bring(program) {
      const plan = planChanges(await kernel.observe(), program);
      await kernel.apply(plan);
      return plan;
    },
    left: async (program) => planChanges(await kernel.observe(), program),
    async close() {
      await netlink.stop();
      await outside.run('ip', ['netns', 'del', name]);
    },
  };
  // Reading the tables creates them, as far as the backend does that at all.
  for (const family of IP_FAMILIES) {
    await filter.load(family, []);
    await filter.load(family, [], 'filter');
  }
  return filter;
};
