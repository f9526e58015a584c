import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { createCommandRunner } from '../kernel/command.ts';
import { enterSandbox, insideSandbox } from '../lab/sandbox.ts';
import { openOutside } from './play/api/door.ts';
import { clusterBinaries } from './play/api/start-cluster.ts';
import { playInside } from './play/inside.ts';
import { openPage } from './play/page/outside.ts';
import { readAssets } from '../page-server/assets.ts';
import { pageFolder } from './ui/page-folder.ts';
import { addPlayOptions, type PlayOptions } from './play/options.ts';
import { ownProgram } from './play/own-program.ts';
import { STORY_FILE } from './play/story/story.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';

/** Ends at signals. The sandbox ends with us as its first process, so no other signal handler may keep it alive. */
const endAtSignals = (code: ExitCode): void => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(code));
};

/** Runs the same command line again, inside a sandbox. */
const playOutside = async (options: PlayOptions, io: CliIo): Promise<ExitCode> => {
  const enter = (onStart?: (root: string) => void): Promise<number> =>
    enterSandbox(
      createCommandRunner(),
      process.execPath,
      process.argv.slice(1),
      onStart === undefined ? {} : { onStart },
    );
  if (options.ui === true) {
    const page = await openPage(await readAssets(pageFolder(process.argv[1] ?? '')), 0, (link) => io.out(`${link}\n`));
    try {
      return toExitCode(await enter((root) => page.attach(root)));
    } finally {
      page.close();
    }
  }
  if (options.apiServer !== true) return toExitCode(await enter());
  // Building Kubernetes needs the network, which is missing inside.
  await clusterBinaries(io.env, ownProgram(process.argv[1] ?? ''), (line) => io.err(`${line}\n`));
  const door = await openOutside();
  try {
    return toExitCode(await enter((root) => door.attach(root)));
  } finally {
    door.close();
  }
};

const toExitCode = (code: number): ExitCode => (code === 0 || code === 2 ? code : 1);

/** Returns the folders of stories. Each is a world of its own, so they cannot be played together. */
const storiesIn = (dir: string): readonly string[] =>
  readdirSync(dir)
    .map((name) => path.join(dir, name))
    .filter((folder) => existsSync(path.join(folder, STORY_FILE)))
    .sort();

const folderOf = (args: readonly string[], options: PlayOptions): string => {
  const [dir = ''] = args;
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`${dir} is not a folder`);
  const stories = options.story === true ? [] : storiesIn(dir);
  if (stories.length > 0) {
    throw new UsageError(`${dir} holds stories: tell them with --story, or play one of ${stories.join(', ')}`);
  }
  if (options.story === true && (options.once === true || options.apiServer === true)) {
    throw new UsageError('--story goes with neither --once nor --api-server');
  }
  if (options.ui === true && (options.once === true || options.apiServer === true)) {
    throw new UsageError('--ui goes with neither --once nor --api-server');
  }
  if (options.output !== 'text' && options.once !== true) throw new UsageError('-o json and -o yaml go with --once');
  return dir;
};

export const playVerb: Verb = {
  declare(command) {
    addPlayOptions(command);
    command.addHelpText(
      'after',
      `
Pods become network namespaces, each with servers on its container ports (HTTP
on TCP, echo on UDP), up to 3 for a workload. Nodes run real agents. The table
shows which real connections the kernel lets through, and compares them with the
policies. On a terminal it has keys: q quits, / filters, s sorts, w shows the
reasons, arrows scroll.

Services get ClusterIPs and names (web.shop, web.shop.svc.cluster.local). A
machine outside the cluster is an EndpointSlice of no Service. It is for the
playground alone and is not applied to an API server:

  apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: metadata-service, namespace: default}
  addressType: IPv4
  endpoints: [{addresses: [169.254.169.254]}]
  ports: [{port: 80}]

Everything lives in private namespaces. This machine's firewall is never
touched, and nothing remains afterwards. It needs no root where the kernel lets
users make user namespaces.

Examples:
  portcullis play demo/01-three-tiers
      edit its policies in another window and watch
  portcullis play demo/01-three-tiers --once --why
  portcullis play my-manifests/ --once -o json
  portcullis play demo/01-three-tiers --ui
      look at it, change it and try it in a browser
  portcullis play --story demo
      every story of the demo, told with real curl
  portcullis play --story demo --ui
      the same in a browser, step by step
  portcullis play demo/01-three-tiers --api-server
      then kubectl apply, delete and label as you like

Exit codes of --once and --story: 0 if the kernel does what the policies say
(and each story tells), 1 if it does not.`,
    );
  },
  async run(command, io: CliIo) {
    const options = command.opts<PlayOptions>();
    const dir = folderOf(command.args, options);
    if (!(await insideSandbox())) return playOutside(options, io);
    endAtSignals(options.once === true || options.story === true ? 1 : 0);
    try {
      return await playInside(dir, options, io);
    } finally {
      // Servers and agents would keep the process alive; they end with it. The exit code is set by then.
      setImmediate(() => process.exit());
    }
  },
};
