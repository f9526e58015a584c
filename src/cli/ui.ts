import { existsSync } from 'node:fs';
import { createApiSource } from '../cluster/api-source.ts';
import { createManifestSource } from '../cluster/manifest-source.ts';
import { createSystemClock } from '../kernel/clock.ts';
import { createCommandRunner } from '../kernel/command.ts';
import { messageOf } from '../model/message-of.ts';
import { readAssets } from '../page-server/assets.ts';
import type { BaseFact } from '../page/entries.ts';
import { type PageServer, startPageServer } from '../page-server/page-server.ts';
import type { SourceOptions } from './explain/source.ts';
import { filenameOption, loadPaths, pathsOf, readPaths } from './input.ts';
import { type AgentOptions, agentOptions, openAgents } from './plugin/agents.ts';
import { askFlows } from './plugin/ask-flows.ts';
import { renderFolders } from './rendered-folders.ts';
import { connectToCluster, contextOption, kubeconfigOption } from './live-cluster.ts';
import { createEventLog, type EventLog } from './ui/event-log.ts';
import { followCluster } from './ui/follow-cluster.ts';
import { type FlowsFollower, followFlows } from './ui/follow-flows.ts';
import { followFolder } from './ui/follow-folder.ts';
import { pageFolder } from './ui/page-folder.ts';
import { type FollowedManifests, followRendered } from './ui/rendered-source.ts';
import { type CliIo, UsageError, type Verb } from './verb.ts';

interface UiOptions extends SourceOptions, AgentOptions {
  readonly against?: readonly string[];
  readonly port: number;
}

/** Pods that a workload with many replicas stands for on the map. */
const MAX_REPLICAS = 50;

/** What to do where no cluster is named. */
const GIVE = 'give manifests with -f, or ';

const readPort = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`--port ${text}: not a port`);
  return port;
};

const requirePaths = (paths: readonly string[]): void => {
  for (const path of paths) {
    if (!existsSync(path)) throw new UsageError(`${path}: there is no such file or folder`);
  }
};

/** Follows the files themselves, or what a program renders of them where they hold a kustomization or a Helm chart. */
const folderSource = async (paths: readonly string[], io: CliIo): Promise<FollowedManifests> => {
  const { folders, remarks } = await renderFolders(paths, createCommandRunner());
  if (folders.length === 0) {
    for (const remark of remarks) io.err(`note: ${remark}\n`);
    return createManifestSource({ paths, clock: createSystemClock(), maxReplicas: MAX_REPLICAS });
  }
  return followRendered(
    paths,
    () => readPaths(paths, io, { maxReplicas: MAX_REPLICAS }),
    (error) => io.err(`${messageOf(error)}\n`),
  );
};

/** A state whose policies the shown ones are compared with. */
interface Against {
  readonly title: string;
  readonly entries: readonly BaseFact[];
}

const readAgainst = async (paths: readonly string[] | undefined, io: CliIo): Promise<Against | undefined> => {
  if (paths === undefined) return undefined;
  requirePaths(paths);
  const { snapshot } = await loadPaths(paths, io);
  const entries = [...snapshot.policies.values()].map(
    ({ namespace, name, spec }): BaseFact => ({ kind: 'base', namespace, name, spec }),
  );
  return { title: paths.join(', '), entries };
};

/** Adds the state to compare with to all that is published. */
const comparing = (server: PageServer, { title, entries }: Against): PageServer => ({
  ...server,
  publish: (meta, own) => server.publish({ ...meta, against: title }, [...own, ...entries]),
});

/** Asks the agents with the user's own kubectl and rights; the page names those that do not answer. */
const askingAgents = (options: AgentOptions, io: CliIo, log: EventLog) => {
  const quiet: CliIo = { ...io, err: () => undefined };
  return (onChange: () => void): FlowsFollower =>
    followFlows({
      ask: async () => (await askFlows(await openAgents(options, quiet), options, {}, quiet)).merged,
      log,
      now: Date.now,
      onChange,
    });
};

export const uiVerb: Verb = {
  declare(command) {
    for (const option of agentOptions()) command.addOption(option);
    command
      .argument('[path...]', 'manifests, as with -f')
      .addOption(filenameOption())
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .option('--against <path...>', 'manifests whose policies the matrix compares the shown ones with')
      .option('--port <port>', 'port of 127.0.0.1; 0 is any that is free', readPort, 0)
      .addHelpText(
        'after',
        `
Serves a page for a browser on this machine: a map of who may reach whom, a
matrix, the reason of each refusal with the smallest change that allows it, and
an editor that shows what a policy opens and closes before it is applied.

With -f the page follows files and folders; kustomizations and Helm charts are
rendered again when their files change. Without -f it follows the cluster that a
kubeconfig names, with the right to list and watch pods, namespaces and
networkpolicies. Connections that were seen come from the agents, by kubectl and
with the right to exec into their pods. Nothing is written, and nothing leaves
the machine.

The link is good once. After a reload, or for another browser, take the next
link, which is printed when the first was used.

Examples:
  portcullis ui -f manifests/
  portcullis ui -f manifests/ --against before/
  portcullis ui --kubeconfig ~/.kube/config
  kubectl portcullis ui --context prod
  kubectl get pods,namespaces,networkpolicies -A -o yaml > cluster.yaml
  portcullis ui -f cluster.yaml --port 8080`,
      );
  },
  async run(command, io: CliIo) {
    const options = command.opts<UiOptions>();
    const paths = pathsOf(command);
    requirePaths(paths);
    if (paths.length > 0 && options.kubeconfig !== undefined) {
      throw new UsageError('-f and --kubeconfig exclude each other');
    }
    if (paths.length > 0 && options.context !== undefined) throw new UsageError('-f and --context exclude each other');
    const clock = createSystemClock();
    // Before the server starts: what is missing is said at once.
    const connection = paths.length === 0 ? await connectToCluster(options, io, GIVE) : undefined;
    const against = await readAgainst(options.against, io);
    const started = await startPageServer({
      assets: await readAssets(pageFolder(process.argv[1] ?? '')),
      port: options.port,
      onLink: (link) => io.out(`${link}\n`),
    });
    const server = against === undefined ? started : comparing(started, against);
    const log = createEventLog(Date.now);
    const end =
      connection === undefined
        ? followFolder(await folderSource(paths, io), paths.join(', '), log, server)
        : followCluster(
            createApiSource({ connect: () => connectToCluster(options, io, GIVE), clock, random: Math.random }),
            options.context ?? options.kubeconfig ?? 'as KUBECONFIG names it',
            log,
            server,
            askingAgents(options, io, log),
          );
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    });
    server.close();
    await end();
    return 0;
  },
};
