import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Command, Option } from 'commander';
import { resultTable } from '../conformance/report.ts';
import { POLICY_SPECS, runSuite, SCTP_SPECS } from '../conformance/run-suite.ts';
import { fabricPrefix, nodePrefix, runningCluster } from './access.ts';
import { kubectlArgs } from './control-plane/programs.ts';
import { down } from './down.ts';
import type { ClusterFolder } from './folder.ts';
import { loadImage } from './images/load.ts';
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

/** Runs a program on our terminal, and exits with its exit code. */
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

const status = async (folder: ClusterFolder): Promise<void> => {
  const { settings } = await runningCluster(folder);
  console.log(`KUBECONFIG=${folder.kubeconfig}`);
  console.log(`cni ${settings.cni}, kube-proxy ${settings.proxyMode}, ${settings.families.join(' and ')}`);
  await kubectl(folder, ['get', 'nodes,pods', '--all-namespaces', '--output=wide']);
};

interface ConformanceOptions {
  readonly focus: string;
  readonly skip: string;
  readonly procs: string;
}

const conformance = async (folder: ClusterFolder, options: ConformanceOptions): Promise<void> => {
  await runningCluster(folder);
  const logFile = path.join(folder.logs, 'conformance.log');
  say(`the suite's own words go to ${logFile}`);
  const results = await runSuite({
    kubeconfig: folder.kubeconfig,
    focus: options.focus,
    skip: options.skip,
    procs: Number(options.procs),
    logFile,
    say,
  });
  console.log(resultTable(results));
  if (results.length === 0 || results.some(({ passed }) => !passed)) process.exitCode = 1;
};

/** Returns the command line of `npm run cluster --`. */
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
    .command('status')
    .description('tells what it is made of, and how its nodes and pods are')
    .action(() => status(folder));

  program
    .command('load')
    .description('gives an image to all nodes')
    .argument('<archive>', 'as docker save and buildah write it')
    .action((archive: string) => loadImage(folder, archive));

  program
    .command('conformance')
    .description("runs the NetworkPolicy specs of Kubernetes' own suite and prints a table; exit code 1 if one fails")
    .option('--focus <regexp>', 'which specs', POLICY_SPECS)
    .option('--skip <regexp>', 'which of them not; the default needs SCTP sockets', SCTP_SPECS)
    .option('--procs <number>', 'specs at a time', '2')
    .action((options: ConformanceOptions) => conformance(folder, options));

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
