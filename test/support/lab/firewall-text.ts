import { createCommandRunner } from '../../../src/kernel/command.ts';
import { onNode } from '../../../src/lab/node.ts';
import { withoutMoments } from '../without-moments.ts';

const SAVES = ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ip6tables-legacy-save'] as const;

/** All of a node's rules and sets, as text: both backends, both families. */
export const firewallText = async (node: string): Promise<string> => {
  const runner = createCommandRunner(onNode(node));
  const rules = await Promise.all(
    SAVES.map(async (save) => `== ${save}\n${withoutMoments(await runner.run(save, []))}`),
  );
  return [...rules, '== ipset save', await runner.run('ipset', ['save'])].join('\n');
};
