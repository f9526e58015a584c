import type { CommandRunner } from '../../src/kernel/command.ts';

export type KernelCounts = Readonly<Record<'rules' | 'chains' | 'sets' | 'members', number>>;

const SAVES = ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ip6tables-legacy-save'];

const countLines = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** Counts the rules, chains and sets in the network namespace of `node`, of both backends and families together. */
export const kernelCounts = async (node: CommandRunner): Promise<KernelCounts> => {
  const tables = (await Promise.all(SAVES.map((save) => node.run(save, [])))).join('\n');
  const sets = await node.run('ipset', ['save']);
  return {
    rules: countLines(tables, /^-A /gm),
    // Built-in chains have a policy, others a dash.
    chains: countLines(tables, /^:\S+ - /gm),
    sets: countLines(sets, /^create /gm),
    members: countLines(sets, /^add /gm),
  };
};
