import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import type { Tally } from '../test/runner/progress.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';
import { cacheFolder } from './cache-folder.ts';
import { runLimited } from './run-limited.ts';
import { readLimits } from './test/limits.ts';
import { NOTHING, ONE_FAILED, ONE_PASSED, readTally, sum, tallyLine } from './test/tally.ts';

/**
 * `npm test [-- JEST-ARGUMENTS]`: runs the static checks, then every test inside a sandbox, so that tests can change
 * neither the machine's network nor its firewall. The last line is `N passed, N failed`, whatever fails, hangs or is
 * interrupted. With arguments, runs only the tests that they select, without the static checks.
 */

/** The file in which the tests store the number of passed cases of each corpus. */
const CORPORA = 'corpora';

/** The projects of each sandbox. The sandboxes run side by side and take about as long, since tests mostly wait. */
const ALL = [
  ['--selectProjects', 'kernel', 'attacks'],
  ['--selectProjects', 'conformance', 'cluster', 'pure'],
];

/** Maximum time between ending a process and its end. */
const GRACE_MS = 5_000;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const jestArguments = process.argv.slice(2);
const choices = jestArguments.length > 0 ? [jestArguments] : ALL;
const limits = readLimits(process.env);
const reporter = path.join(import.meta.dirname, '../test/runner/reporter.mjs');

const interruption = new AbortController();
const done: Tally[] = [];
let signalled = 0;
let finishing = false;
let folder: string | undefined;

const folderOf = (at: number): string => path.join(folder ?? '', String(at));

/** Counts the results so far, so that nothing is lost if the run is cut short. */
const knownTally = async (): Promise<Tally> => {
  const ran = folder === undefined ? [] : choices.map((_, at) => readTally(path.join(folderOf(at), 'progress'), true));
  return sum([...done, ...(await Promise.all(ran)), ONE_FAILED]);
};

/** Removes what the run wrote. A folder in use is reported and is no failure. */
const removeFolder = async (): Promise<void> => {
  if (folder === undefined) return;
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch((error: unknown) => {
    console.error(`test: ${folder ?? ''} is in use and stays: ${String(error)}`);
  });
};

const finish = async (tally: Tally): Promise<void> => {
  if (finishing) return;
  finishing = true;
  await removeFolder();
  console.log(tallyLine(tally));
  process.exit(signalled > 0 ? 128 + signalled : tally.failed === 0 ? 0 : 1);
};

/** Ends all processes, and the run itself if it does not end in time. */
const cutShort = (reason: string): void => {
  console.error(`test: ${reason}`);
  // The sandboxes get the signal first: they report which test ran.
  setTimeout(() => interruption.abort(), signalled > 0 ? 1_000 : 0);
  setTimeout(() => void knownTally().then(finish), GRACE_MS);
};

const reportFailure = (error: unknown): Tally => {
  console.error(error instanceof Error ? error.message : error);
  return ONE_FAILED;
};

/** Runs another script of this folder for up to `limitMs`. */
const runStep = async (name: string, limitMs: number): Promise<boolean> => {
  const limit = AbortSignal.timeout(limitMs);
  const abort = AbortSignal.any([interruption.signal, limit]);
  const code = await runLimited(process.execPath, [path.join(import.meta.dirname, name)], abort);
  if (limit.aborted) console.error(`test: ${name} was not done within ${limitMs / 1000} s, and was ended`);
  return code === 0;
};

/**
 * Builds what the tests need and a sandbox without a network cannot build. It is then cached. A failed build is one
 * failure here, and the tests that do not need it still run.
 */
const prepare = async (): Promise<Tally> => {
  const kubernetes = (await runStep('build-kubernetes.ts', limits.prepareMs)) ? NOTHING : ONE_FAILED;
  const prober = await builtProber().then(() => NOTHING, reportFailure);
  return sum([kubernetes, prober]);
};

const runJest = async (at: number, choice: readonly string[]): Promise<Tally> => {
  const own = folderOf(at);
  mkdirSync(own, { recursive: true });
  // Inside the sandbox every user is root, so jest's own folder would be shared between users.
  const cache = cacheFolder('jest') ?? path.join(own, 'cache');
  const script = path.join(import.meta.dirname, 'jest-in-sandbox.ts');
  const args = [script, own, '--reporters=default', `--reporters=${reporter}`, `--cacheDirectory=${cache}`, ...choice];
  const code = await enterSandbox(createCommandRunner(), process.execPath, args, { abort: interruption.signal });
  return readTally(path.join(own, 'progress'), code === 0);
};

const runTests = async (): Promise<Tally> => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-test-'));
  const corpora = path.join(folder, CORPORA);
  process.env['PORTCULLIS_CORPUS_RESULTS'] = corpora;
  const tallies = await Promise.all(choices.map((choice, at) => runJest(at, choice).catch(reportFailure)));
  const lines = (await readFile(corpora, 'utf8').catch(() => '')).split('\n');
  for (const line of lines.filter((each) => each !== '').toSorted()) console.log(line);
  return sum(tallies);
};

const steps = [
  async () => {
    if (jestArguments.length > 0) return NOTHING;
    return (await runStep('check.ts', limits.checkMs)) ? ONE_PASSED : ONE_FAILED;
  },
  prepare,
  runTests,
];

setTimeout(() => cutShort(`not done within ${limits.totalMs / 1000} s`), limits.totalMs);
for (const [name, number] of Object.entries(SIGNALS)) {
  process.on(name, () => {
    if (signalled > 0) return;
    signalled = number;
    cutShort(`interrupted by ${name}`);
  });
}
for (const step of steps) {
  if (interruption.signal.aborted || signalled > 0) break;
  done.push(await step().catch(reportFailure));
}
const cut = interruption.signal.aborted || signalled > 0;
await finish(sum([...done, ...(cut && sum(done).failed === 0 ? [ONE_FAILED] : [])]));
