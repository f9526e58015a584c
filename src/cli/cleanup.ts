import { cleanupCluster } from '../cluster/cleanup-cluster.ts';
import { cleanup } from '../kernel/cleanup.ts';
import { createCommandRunner } from '../kernel/command.ts';
import { createCompanionStarter } from '../kernel/companion.ts';
import { createKernelLock } from '../kernel/node-lock/kernel-lock.ts';
import { createNetlink } from '../kernel/netlink/netlink.ts';
import { createNftReader } from '../kernel/netlink/nft-reader.ts';
import { createSetReader } from '../kernel/netlink/set-reader.ts';
import { connectToCluster, kubeconfigOption } from './live-cluster.ts';
import { DEFAULT_LEASE, readLeaseHome } from './lease-home.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import type { CliIo, ExitCode, Verb } from './verb.ts';

/** Another program may hold the xtables lock for a while; a cleanup has time. */
const XTABLES_WAIT_SECONDS = 30;

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

interface CleanupOptions extends OutputOptions {
  readonly force?: true;
  readonly cluster?: true;
  readonly kubeconfig?: string;
  readonly lease?: string;
}

/** A cleanup beside a running agent: for a moment nothing would be enforced, then the agent would add everything again. */
class AgentRunsError extends Error {
  constructor() {
    super(
      'an agent runs on this node and would add everything again; stop it first (delete its DaemonSet or its Helm release), or use --force',
    );
    this.name = 'AgentRunsError';
  }
}

/**
 * Runs the work with the node's lock, so that no agent starts meanwhile.
 * @throws AgentRunsError where an agent has the lock, and the work is not forced
 */
const withNodeLock = async <T>(isForced: boolean, work: () => Promise<T>): Promise<T> => {
  const lock = createKernelLock(createCompanionStarter());
  try {
    if ((await lock.first) === 'taken' && !isForced) throw new AgentRunsError();
    return await work();
  } finally {
    lock.stop();
  }
};

const cleanUpCluster = async (options: CleanupOptions, io: CliIo): Promise<ExitCode> => {
  const home = readLeaseHome(options.lease, io);
  const removed = await cleanupCluster(await connectToCluster(options, io), home);
  io.out(
    formatOutput(options.output, { removed }, () =>
      [
        `removed the condition of ${plural(removed.pods, 'pod')} and ${plural(removed.nodes, 'Node')}`,
        `${plural(removed.taints, 'taint')} and ${plural(removed.leases, 'Lease')}`,
      ].join(', '),
    ),
  );
  return 0;
};

export const cleanupVerb: Verb = {
  declare(command) {
    command
      .addOption(outputOption())
      .option('--force', 'clean up although an agent runs on this node')
      .option(
        '--cluster',
        'remove from the API server, instead of this node, what agents and the controller wrote there',
      )
      .addOption(kubeconfigOption())
      .option('--lease <namespace/release>', `with --cluster: the agents' --lease (default ${DEFAULT_LEASE})`)
      .addHelpText(
        'after',
        `
Works as root in the network namespace it is started in, on iptables-nft and
iptables-legacy, IPv4 and IPv6. It removes chains named PORTCULLIS-… (in the
security, filter and raw tables) with the jumps to them, sets named
portcullis-…, and the nftables table portcullis of the bridge family. It removes
nothing else and reads no rules of others. Afterwards no policy is enforced on
this node. It names what it cannot remove or look for, and exits with 1.

Stop the agent first: it would add everything again, so beside a running agent
the cleanup refuses to start. On a cluster apply manifests/cleanup.yaml instead,
which runs the cleanup on every node without an agent.

With --cluster it touches nothing of this node. It removes, with the rights of
the kubeconfig, the condition portcullis.io/enforced of pods, the condition
PortcullisEnforcing and the start-up taint of Nodes, and the Leases. Remove the
agents and the controller first: they would write them again.

Examples:
  portcullis cleanup
  portcullis cleanup --cluster --kubeconfig ~/.kube/config
  portcullis cleanup -o json`,
      );
  },
  async run(command, io) {
    const options = command.opts<CleanupOptions>();
    const { output, force } = options;
    if (options.cluster === true) return cleanUpCluster(options, io);
    const netlink = createNetlink(createCompanionStarter([], 'bytes'));
    const tools = {
      runner: createCommandRunner(),
      reader: createSetReader(netlink),
      nft: createNftReader(netlink),
    };
    const removed = await withNodeLock(force === true, () => cleanup(tools, XTABLES_WAIT_SECONDS)).finally(
      netlink.stop,
    );
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
