import { setTimeout as delay } from 'node:timers/promises';
import { createManifestSource, type ManifestSource } from '../../cluster/manifest-source.ts';
import { loadManifests } from '../../cluster/manifest/load-manifests.ts';
import { formatProblem } from '../../cluster/manifest/place.ts';
import { createSystemClock } from '../../kernel/clock.ts';
import { createCommandRunner } from '../../kernel/command.ts';
import type { Binaries } from '../../lab/apiserver/binaries.ts';
import { prepareSandbox } from '../../lab/sandbox.ts';
import type { WorkloadOf } from '../../reach/workloads.ts';
import { workloadsOf } from '../matrix/read-cluster.ts';
import type { CliIo, ExitCode } from '../verb.ts';
import { createApiFeed, type RevisionBook } from './api/follow-api-server.ts';
import { clusterBinaries, KUBECONFIG, startCluster } from './api/start-cluster.ts';
import { chooseFamilies } from './families.ts';
import { describeFaults } from './faults.ts';
import { createGround, type Ground } from './ground.ts';
import { showLive } from './live.ts';
import { type DescribeFaults, observe } from './observe.ts';
import { printOnce } from './once.ts';
import type { PlayOptions } from './options.ts';
import { ownProgram } from './own-program.ts';
import type { ReadWorld } from './read-world.ts';
import { standardScreen } from './screen.ts';
import { showPage } from './page/show-page.ts';
import { openStoryBook } from './story/story-book.ts';
import { findStories } from './story/find-stories.ts';
import { tellAll } from './story/tell-all.ts';
import { followManifests, type WorldSource } from './world-source.ts';

/** Maximum pods of a workload with many replicas: more show nothing new. */
const MAX_REPLICAS = 3;

const FIRST_LOOK_MS = 30_000;
const POLL_MS = 10;

const firstRead = async (source: WorldSource): Promise<ReadWorld> => {
  const deadline = performance.now() + FIRST_LOOK_MS;
  for (;;) {
    const read = source.read();
    if (read !== undefined) return read;
    if (performance.now() > deadline)
      throw new Error(`the manifests could not be read within ${FIRST_LOOK_MS / 1000} s`);
    await delay(POLL_MS);
  }
};

const clockTime = (): string => new Date().toTimeString().slice(0, 8);

/** The follower of the folder, and the hints for people. */
interface Followed {
  readonly source: WorldSource;
  readonly hints: readonly string[];
}

const EDIT = (dir: string): string => `Edit, add or remove manifests in ${dir}: the table follows.`;
const END = 'q or Ctrl-C ends it, and nothing remains.';

const followCluster = async (
  dir: string,
  ground: Ground,
  folder: ManifestSource,
  { binaries, book }: ClusterPlan,
  io: CliIo,
): Promise<Followed> => {
  io.err('starting etcd and kube-apiserver\n');
  const { source, commands } = await startCluster(ground, folder, binaries, book);
  const hints = ['This is a real API server. In another window:', ...commands.map((line) => `  ${line}`)];
  return { source, hints: [...hints, `${EDIT(dir)} ${END}`] };
};

/** How a real API server is used. */
interface ClusterPlan {
  readonly binaries: Binaries;
  readonly book: RevisionBook;
}

/** Shows the manifests of a folder: once, or whenever they change. */
const showManifests = async (
  dir: string,
  options: PlayOptions,
  ground: Ground,
  io: CliIo,
  cluster: ClusterPlan | undefined,
): Promise<ExitCode> => {
  const { playground, place } = ground;
  const folder = createManifestSource({
    paths: [dir],
    clock: createSystemClock(),
    maxReplicas: MAX_REPLICAS,
    // In a cluster the scheduler places pods.
    ...(cluster === undefined ? { complete: place } : {}),
  });
  const { source, hints } =
    cluster === undefined
      ? {
          source: followManifests(folder, ground.families, ground.resolveServices),
          hints: [`${EDIT(dir)} ${END}`],
        }
      : await followCluster(dir, ground, folder, cluster, io);
  const faultsInWords: DescribeFaults = (faults) =>
    describeFaults(faults, folder.manifests()?.policyOrigins ?? new Map());
  const screen = standardScreen(io.env);
  const first = await firstRead(source);
  if (options.ui === true) {
    const none = { podOrigins: new Map() };
    const workloadOf = (): WorkloadOf => workloadsOf(folder.manifests() ?? none);
    await showPage({ source, playground, describeFaults: faultsInWords, workloadOf }, dir);
    return 0;
  }
  if (options.once === true) return printOnce(await observe(playground, first, faultsInWords), options, screen, io);
  await showLive(
    { source, playground, screen, describeFaults: faultsInWords, clockTime },
    { title: dir, why: options.why === true, hints },
  );
  return 0;
};

/** Runs the playground, inside a sandbox. */
export const playInside = async (dir: string, options: PlayOptions, io: CliIo): Promise<ExitCode> => {
  const runner = createCommandRunner();
  const stories = options.story === true ? await findStories(dir) : [];
  const loaded = await loadManifests([dir], { maxReplicas: MAX_REPLICAS });
  if (options.once === true && loaded.problems.length > 0) {
    for (const problem of loaded.problems) io.err(`${formatProblem(problem)}\n`);
    return 1;
  }
  const program = ownProgram(process.argv[1] ?? '');
  const cluster: ClusterPlan | undefined =
    options.apiServer === true
      ? { binaries: await clusterBinaries(io.env, program, io.err), book: new WeakMap() }
      : undefined;
  await prepareSandbox(runner);
  const ground = await createGround({
    runner,
    program,
    families: chooseFamilies(options.ipFamilies, loaded),
    backend: options.iptablesBackend,
    ...(cluster === undefined ? {} : { feed: createApiFeed(KUBECONFIG, cluster.book) }),
  });
  if (options.ui === true && options.story === true) {
    const book = await openStoryBook(stories, ground);
    const describe: DescribeFaults = (faults) => describeFaults(faults, loaded.policyOrigins);
    const { playground } = ground;
    await showPage({ source: book, book, playground, describeFaults: describe, workloadOf: book.workloadOf }, dir);
    return 0;
  }
  if (options.story === true) return tellAll(stories, ground, standardScreen(io.env));
  return showManifests(dir, options, ground, io, cluster);
};
