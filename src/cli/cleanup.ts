import { cleanup } from '../kernel/cleanup.ts';
import { createCommandRunner } from '../kernel/command.ts';
import { createCompanionStarter } from '../kernel/companion.ts';
import { createNetlink } from '../kernel/netlink/netlink.ts';
import { createNftReader } from '../kernel/netlink/nft-reader.ts';
import { createSetReader } from '../kernel/netlink/set-reader.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import type { Verb } from './verb.ts';

/** Another program may hold the xtables lock for a while; a cleanup is in no hurry. */
const XTABLES_WAIT_SECONDS = 30;

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

export const cleanupVerb: Verb = {
  declare(command) {
    command.addOption(outputOption()).addHelpText(
      'after',
      `
Works in the network namespace it is started in, as root there, on iptables-nft and iptables-legacy, IPv4 and IPv6.
Only chains named PORTCULLIS-… (in the security, filter and raw tables) with the jumps to them, sets named portcullis-…, and the
nftables table portcullis of the bridge family are removed. From then on no policy
is enforced on this node. Stop the agent first: a running agent adds everything again. On a cluster apply
manifests/cleanup.yaml instead, which runs this on every node without an agent. Rules of others are
not read; what cannot be removed or looked for is named, and the exit code is 1.

Examples:
  portcullis cleanup
  portcullis cleanup -o json`,
    );
  },
  async run(command, io) {
    const { output } = command.opts<OutputOptions>();
    const netlink = createNetlink(createCompanionStarter([], 'bytes'));
    const tools = {
      runner: createCommandRunner(),
      reader: createSetReader(netlink),
      nft: createNftReader(netlink),
    };
    const removed = await cleanup(tools, XTABLES_WAIT_SECONDS).finally(() => {
      netlink.stop();
    });
    io.out(
      formatOutput(output, { removed }, () =>
        removed
          .map(
            ({ backend, chains, sets }) => `${backend}: removed ${plural(chains, 'chain')} and ${plural(sets, 'set')}`,
          )
          .join('\n'),
      ),
    );
    return 0;
  },
};
