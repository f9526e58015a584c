import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { fabricPrefix, nodePrefix, runningCluster } from './access.ts';
import { kubectlArgs } from './control-plane/programs.ts';
import { down } from './down.ts';
import type { ClusterFolder } from './folder.ts';
import { findClusterPrograms } from './programs.ts';
import {
  type CniKind,
  CNI_KINDS,
  familiesOf,
  FAMILY_CHOICES,
  type FamilyChoice,
  PROXY_MODES,
  type ProxyMode,
} from './settings.ts';
import { up } from './up.ts';

const say = (line: string): void => {
  console.error(line);
};

interface UpOptions {
  readonly cni: CniKind;
  readonly proxyMode: ProxyMode;
  readonly families: FamilyChoice;
}

/** Runs a program on our terminal, and ends as it ended. */
const become = async (command: readonly string[]): Promise<void> => {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
};

const kubectl = async (folder: ClusterFolder, args: readonly string[]): Promise<void> => {
  await runningCluster(folder);
  const programs = await findClusterPrograms(say);
  await become([programs.path('kubectl'), ...kubectlArgs(folder.kubeconfig, args)]);
};

/** The command line of `npm run cluster --`. */
export const clusterCommand = (folder: ClusterFolder): Command => {
  const program = new Command('cluster')
    .description(
      'A real Kubernetes cluster without Docker: three nodes in namespaces of this machine, whose own network, firewall and ' +
        'containers are not touched. Needs root.',
    )
    .enablePositionalOptions()
    .showHelpAfterError();

  program
    .command('up')
    .description('starts it, and returns when all nodes are ready')
    .addOption(new Option('--cni <plugin>', 'how pods are attached').choices(CNI_KINDS).default('ptp'))
    .addOption(new Option('--proxy-mode <mode>', 'of kube-proxy').choices(PROXY_MODES).default('iptables'))
    .addOption(new Option('--families <families>', 'of pods and Services').choices(FAMILY_CHOICES).default('ipv4'))
    .action(async ({ cni, proxyMode, families }: UpOptions) => {
      await up(folder, { cni, proxyMode, families: familiesOf(families) }, say);
      console.log(`export KUBECONFIG=${folder.kubeconfig}`);
    });

  program
    .command('down')
    .description('ends it and removes all that was made for it')
    .action(async () => {
      if (!(await down(folder, say))) say('no cluster is up');
    });

  program
    .command('kubectl')
    .description('runs kubectl as its administrator')
    .argument('[arguments...]')
    .passThroughOptions()
    .allowUnknownOption()
    .helpOption(false)
    .action((args: readonly string[]) => kubectl(folder, args));

  program
    .command('exec')
    .description('runs a command on a node, or with "fabric" beside the API server')
    .argument('<place>')
    .argument('<command...>')
    .passThroughOptions()
    .action(async (place: string, command: readonly string[]) => {
      const prefix = place === 'fabric' ? await fabricPrefix(folder) : await nodePrefix(folder, place);
      await become([...prefix, ...(command[0] === '--' ? command.slice(1) : command)]);
    });

  return program;
};
