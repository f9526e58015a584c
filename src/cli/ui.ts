import { existsSync, statSync } from 'node:fs';
import { createManifestSource, type ManifestSource } from '../cluster/manifest-source.ts';
import { formatProblem } from '../cluster/manifest/place.ts';
import { createSystemClock } from '../kernel/clock.ts';
import { factsOf } from '../page/cluster.ts';
import type { Entry } from '../page/entries.ts';
import { readAssets } from '../page-server/assets.ts';
import { type PageServer, startPageServer } from '../page-server/page-server.ts';
import { placePods, type PlacedCluster } from './matrix/place-pods.ts';
import { workloadsOf } from './matrix/read-cluster.ts';
import { pageFolder } from './ui/page-folder.ts';
import { createEventLog, type EventLog } from './ui/event-log.ts';
import { outsideFacts } from './ui/outside-facts.ts';
import { type CliIo, UsageError, type Verb } from './verb.ts';

interface UiOptions {
  readonly filename?: readonly string[];
  readonly port: number;
}

/** Pods that a workload with many replicas stands for on the map. */
const MAX_REPLICAS = 50;

/** Services and problems cause no events of the source, so what was loaded is compared at this interval. */
const LOOK_MS = 250;

/** Publishes the newest manifests, and what changed in them. */
const followFolder = (source: ManifestSource, title: string, log: EventLog, server: PageServer): NodeJS.Timeout => {
  let known: object | undefined;
  let placed: PlacedCluster | undefined;
  const look = (): void => {
    const loaded = source.manifests();
    if (loaded === undefined || loaded === known || !source.hasSynced()) return;
    known = loaded;
    placed = placePods(loaded.snapshot, placed?.snapshot);
    log.note(placed.snapshot);
    const entries: readonly Entry[] = [
      ...factsOf(placed.snapshot, workloadsOf(loaded)),
      ...outsideFacts(loaded),
      ...loaded.problems.map((problem): Entry => ({ kind: 'problem', text: formatProblem(problem).slice(0, 4_000) })),
      ...log.events(),
    ];
    server.publish({ title, mode: 'folder', observes: false }, entries);
  };
  return setInterval(look, LOOK_MS);
};

const readPort = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`--port ${text}: not a port`);
  return port;
};

export const uiVerb: Verb = {
  declare(command) {
    command
      .argument('[path...]', 'manifests, as with -f')
      .option('-f, --filename <path...>', 'manifests: files, and folders with all below them')
      .option('--port <port>', 'port of 127.0.0.1; 0 is any that is free', readPort, 0)
      .addHelpText(
        'after',
        `
Serves a page for a browser on this machine: a map of who may reach whom, a
matrix, the reason of each refusal with the smallest change that allows it, and
an editor that shows what a policy opens and closes before it is applied. The
page follows the files. Nothing is written, and nothing leaves the machine.

The link is good once. After a reload, or for another browser, take the next
link, which is printed when the first was used.

Examples:
  portcullis ui -f manifests/
  kubectl get pods,namespaces,networkpolicies -A -o yaml > cluster.yaml
  portcullis ui -f cluster.yaml --port 8080`,
      );
  },
  async run(command, io: CliIo) {
    const { filename = [], port } = command.opts<UiOptions>();
    const paths = [...filename, ...command.args];
    if (paths.length === 0) throw new UsageError('no manifests: give files or folders with -f');
    for (const path of paths) {
      if (!existsSync(path)) throw new UsageError(`${path}: there is no such file or folder`);
      if (!statSync(path).isDirectory() && !statSync(path).isFile()) throw new UsageError(`${path}: no file or folder`);
    }
    const server = await startPageServer({
      assets: await readAssets(pageFolder(process.argv[1] ?? '')),
      port,
      onLink: (link) => io.out(`${link}\n`),
    });
    const source = createManifestSource({ paths, clock: createSystemClock(), maxReplicas: MAX_REPLICAS });
    source.start(() => undefined);
    const timer = followFolder(source, paths.join(', '), createEventLog(Date.now), server);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    });
    clearInterval(timer);
    server.close();
    await source.stop();
    return 0;
  },
};
