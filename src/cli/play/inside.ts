import { setTimeout as delay } from 'node:timers/promises';
import { createManifestSource } from '../../cluster/manifest-source.ts';
import { loadManifests } from '../../cluster/manifest/load-manifests.ts';
import { formatProblem } from '../../cluster/manifest/place.ts';
import { createSystemClock } from '../../kernel/clock.ts';
import { createCommandRunner } from '../../kernel/command.ts';
import { prepareSandbox } from '../../lab/sandbox.ts';
import type { CliIo, ExitCode } from '../verb.ts';
import { chooseFamilies } from './families.ts';
import { describeFaults } from './faults.ts';
import { createGround } from './ground.ts';
import { showLive } from './live.ts';
import { type DescribeFaults, observe } from './observe.ts';
import { printOnce } from './once.ts';
import type { PlayOptions } from './options.ts';
import { ownProgram } from './own-program.ts';
import type { ReadWorld } from './read-world.ts';
import { standardScreen } from './screen.ts';
import { followManifests, type WorldSource } from './world-source.ts';

/** Of a workload with many replicas so many pods show all there is to be seen. */
const MAX_REPLICAS = 2;

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

/** The playground itself; to be called inside a sandbox. */
export const playInside = async (dir: string, options: PlayOptions, io: CliIo): Promise<ExitCode> => {
  const runner = createCommandRunner();
  const loaded = await loadManifests([dir], { maxReplicas: MAX_REPLICAS });
  if (options.once === true && loaded.problems.length > 0) {
    for (const problem of loaded.problems) io.err(`${formatProblem(problem)}\n`);
    return 1;
  }
  await prepareSandbox(runner);
  const families = chooseFamilies(options.ipFamilies, loaded);
  const program = ownProgram(process.argv[1] ?? '');
  const ground = await createGround({ runner, program, families, backend: options.iptablesBackend });
  const clock = createSystemClock();
  const manifests = createManifestSource({ paths: [dir], clock, complete: ground.place, maxReplicas: MAX_REPLICAS });
  const source = followManifests(manifests, families, ground.resolveServices);
  const faultsInWords: DescribeFaults = (faults) =>
    describeFaults(faults, manifests.manifests()?.policyOrigins ?? new Map());
  const screen = standardScreen(io.env);
  const first = await firstRead(source);
  if (options.once === true) {
    return printOnce(await observe(ground.playground, first, faultsInWords), options, screen, io);
  }
  return showLive(
    { source, playground: ground.playground, screen, describeFaults: faultsInWords, clockTime },
    {
      title: dir,
      why: options.why === true,
      hints: [`Edit, add or remove manifests in ${dir}: the table follows. Ctrl-C ends it, and nothing remains.`],
    },
  );
};
