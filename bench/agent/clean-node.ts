import type { CommandRunner } from '../../src/kernel/command.ts';

const TABLES: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** Restore text that empties all tables: without --noflush, chains that it does not name are removed. */
const EMPTY = Object.entries(TABLES)
  .map(([table, chains]) => `*${table}\n${chains.map((chain) => `:${chain} ACCEPT [0:0]\n`).join('')}COMMIT\n`)
  .join('');

/** Removes all rules, sets and connections from the network namespace of `node`, whichever program made them. */
export const cleanNode = async (node: CommandRunner): Promise<void> => {
  for (const command of ['iptables', 'ip6tables']) {
    await node.run(`${command}-nft-restore`, [], { input: EMPTY });
    const legacy = await node.run('cat', [`/proc/net/${command.replace('tables', '_tables')}_names`]).catch(() => '');
    if (legacy.trim() !== '') await node.run(`${command}-legacy-restore`, [], { input: EMPTY });
  }
  await node.run('ipset', ['destroy']);
  await node.run('conntrack', ['-F']);
};
