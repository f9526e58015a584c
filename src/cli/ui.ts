import { existsSync } from 'node:fs';
import { createApiSource } from '../cluster/api-source.ts';
import { createManifestSource } from '../cluster/manifest-source.ts';
import { createSystemClock } from '../kernel/clock.ts';
import { readAssets } from '../page-server/assets.ts';
import { startPageServer } from '../page-server/page-server.ts';
import type { SourceOptions } from './explain/source.ts';
import { filenameOption, pathsOf } from './input.ts';
import { connectToCluster, contextOption, kubeconfigOption } from './live-cluster.ts';
import { createEventLog } from './ui/event-log.ts';
import { followCluster } from './ui/follow-cluster.ts';
import { followFolder } from './ui/follow-folder.ts';
import { pageFolder } from './ui/page-folder.ts';
import { type CliIo, UsageError, type Verb } from './verb.ts';

interface UiOptions extends SourceOptions {
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

export const uiVerb: Verb = {
  declare(command) {
    command
      .argument('[path...]', 'manifests, as with -f')
      .addOption(filenameOption())
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .option('--port <port>', 'port of 127.0.0.1; 0 is any that is free', readPort, 0)
      .addHelpText(
        'after',
        `
Serves a page for a browser on this machine: a map of who may reach whom, a
matrix, the reason of each refusal with the smallest change that allows it, and
an editor that shows what a policy opens and closes before it is applied.

With -f the page follows files and folders (neither kustomizations nor Helm
charts are rendered). Without -f it follows the cluster that a kubeconfig names,
with the right to list and watch pods, namespaces and networkpolicies. Nothing
is written, and nothing leaves the machine.

The link is good once. After a reload, or for another browser, take the next
link, which is printed when the first was used.

Examples:
  portcullis ui -f manifests/
  portcullis ui --kubeconfig ~/.kube/config
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
    const server = await startPageServer({
      assets: await readAssets(pageFolder(process.argv[1] ?? '')),
      port: options.port,
      onLink: (link) => io.out(`${link}\n`),
    });
    const log = createEventLog(Date.now);
    const end =
      connection === undefined
        ? followFolder(createManifestSource({ paths, clock, maxReplicas: MAX_REPLICAS }), paths.join(', '), log, server)
        : followCluster(
            createApiSource({ connect: () => connectToCluster(options, io, GIVE), clock, random: Math.random }),
            options.kubeconfig ?? 'as KUBECONFIG names it',
            log,
            server,
          );
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    });
    server.close();
    await end();
    return 0;
  },
};
