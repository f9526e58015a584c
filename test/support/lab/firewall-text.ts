import { createCommandRunner } from '../../../src/kernel/command.ts';
import { onNode } from '../../../src/lab/node.ts';
import { withoutMoments } from '../without-moments.ts';

const SAVES = ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ip6tables-legacy-save'] as const;

/** A table of iptables-legacy stays until its module is unloaded, and has no effect. */
const EMPTY_LEGACY_RAW = /(?<=^== ip6?tables-legacy-save\n)\*raw\n(?::\S+ ACCEPT \[0:0\]\n)*COMMIT\n/;

/**
 * Returns all rules and sets of a node as text: both backends, both families, without an empty raw table of the legacy
 * backend.
 */
export const firewallText = async (node: string): Promise<string> => {
  const runner = createCommandRunner(onNode(node));
  const rules = await Promise.all(
    SAVES.map(async (save) =>
      `== ${save}\n${withoutMoments(await runner.run(save, []))}`.replace(EMPTY_LEGACY_RAW, ''),
    ),
  );
  return [...rules, '== ipset save', await runner.run('ipset', ['save'])].join('\n');
};
