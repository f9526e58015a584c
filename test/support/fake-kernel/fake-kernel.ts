import type { IpFamily } from '../../../src/model/family.ts';
import { CommandError, type CommandRunner } from '../../../src/kernel/command.ts';
import { createKernel } from '../../../src/kernel/kernel.ts';
import type { Kernel } from '../../../src/reconcile/kernel.ts';
import type { NftReader } from '../../../src/kernel/netlink/nft-reader.ts';
import type { NftChain } from '../../../src/render/netlink/nft-rules.ts';
import type { FakeHost, FakeStep, FakeTable } from './host.ts';
import { Refusal } from './refusal.ts';
import { restoreSetLine } from './restore-sets.ts';
import { restoreTable } from './restore-table.ts';
import { parseIpsetSave } from '../parse-ipset.ts';
import { listedTable, savedSets, savedTable } from './save-text.ts';

const TABLE_PROGRAM = /^(ip6?tables)-(?:nft|legacy)-(save|restore)$/;

/** Returns each table's text from its first line to its COMMIT. */
const transactions = (text: string): readonly string[] => text.split(/(?<=^COMMIT\n)/m);

/** Answers ipset and iptables commands from the fake, and other commands with an error. */
export const createFakeRunner = (host: FakeHost): CommandRunner => {
  const step = (at: FakeStep, work: () => string): string => {
    const reason = host.failure(at);
    if (reason !== undefined) throw new Refusal(reason);
    const answer = work();
    host.afterStep(at);
    return answer;
  };

  const restoreSets = (text: string): string => {
    for (const line of text.split('\n').slice(0, -1)) {
      step({ kind: 'ipset line', line }, () => {
        restoreSetLine(host, line);
        return '';
      });
    }
    return '';
  };

  const answer = (file: string, args: readonly string[], input: string): string => {
    const command = [file, ...args].join(' ');
    if (command === 'ipset save') return step({ kind: 'ipset save' }, () => savedSets(host));
    if (command === 'ipset -exist restore') return restoreSets(input);
    if (file === 'ipset' && args.length === 2 && args[0] === 'destroy')
      return restoreSets(`${command.slice('ipset '.length)}\n`);
    const [, tool, verb] = TABLE_PROGRAM.exec(file) ?? [];
    const family: IpFamily = tool === 'iptables' ? 'ipv4' : 'ipv6';
    const rest = args.join(' ');
    if (verb === 'save' && rest === '-t security') return savedTable(host.tables[family], 'security');
    if (verb === 'restore' && rest === '--noflush --verbose') {
      const [, table] = /^\*(security|raw)\n-S\nCOMMIT\n# through\n$/.exec(input) ?? [];
      const listed = (tables: FakeHost['tables']) => `${listedTable(tables[family])}# through\n`;
      if (table === 'security') return step({ kind: 'iptables save', family }, () => listed(host.tables));
      if (table === 'raw') return listed(host.rawTables);
    }
    if (verb === 'restore' && /^--noflush -w \d+$/.test(rest)) {
      for (const text of transactions(input)) {
        step({ kind: 'iptables restore', family, text }, () => {
          restoreTable(host, family, text);
          return '';
        });
      }
      return '';
    }
    throw new Refusal('no such command');
  };

  return {
    async run(file, args, options = {}) {
      await Promise.resolve();
      try {
        return answer(file, args, options.input ?? '');
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        throw new CommandError([file, ...args].join(' '), error.message, 1, error.message);
      }
    },
  };
};

const chainsOf = (table: string, chains: FakeTable): readonly NftChain[] =>
  [...chains.values()].map(({ name, rules }) => ({ table, name, uses: rules.length }));

/** Returns the chains of the fake; iptables can print all of its rules. */
const createFakeNft = (host: FakeHost): NftReader => ({
  chains: (family) =>
    Promise.resolve([...chainsOf('security', host.tables[family]), ...chainsOf('raw', host.rawTables[family])]),
  rules: () => Promise.reject(new Error('the fake has no rules of single chains')),
  deleteRule: () => Promise.reject(new Error('nobody deletes rules of the fake by their handles')),
});

/** The product's own kernel adapter over the fake. */
export const createFakeKernel = (host: FakeHost, families: readonly IpFamily[] = ['ipv4', 'ipv6']): Kernel => {
  const runner = createFakeRunner(host);
  const reader = { read: async () => parseIpsetSave(await runner.run('ipset', ['save'])) };
  return createKernel(runner, { backend: 'nft', families, xtablesWaitSeconds: 5, reader, nft: createFakeNft(host) });
};
