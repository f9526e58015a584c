import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { longFiles } from '../test/runner/divide.ts';
import type { Tally } from '../test/runner/progress.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';
import { cacheFolder } from './cache-folder.ts';
import { runLimited } from './run-limited.ts';
import { readLimits } from './test/limits.ts';
import {
  NOTHING,
  ONE_FAILED,
  ONE_PASSED,
  readEvents,
  readFailedFiles,
  readTally,
  readTallyWithout,
  sum,
  tallyLine,
} from './test/tally.ts';

/**
 * `npm test [-- JEST-ARGUMENTS]`: runs the static checks, then every test inside a sandbox, so that tests can change
 * neither the machine's network nor its firewall. The last line is `N passed, N failed`, whatever fails, hangs or is
 * interrupted. With arguments, runs only the tests that they select, without the static checks. With
 * PORTCULLIS_TEST_AGAIN=1 up to MOST_AGAIN files that failed beside the others run once more, alone, and are named. With
 * UPDATE_DURATIONS=1 it writes how long each file took, by which the files are divided among the sandboxes.
 */

/** The file in which the tests store the number of passed cases of each corpus. */
const CORPORA = 'corpora';

/** Sandboxes side by side: tests mostly wait. Four keep two processors busy. */
const SANDBOXES = 4;
/** The share of the tests of each sandbox, see test/runner/sequencer.mjs. */
const ALL = Array.from({ length: SANDBOXES }, (_, at) => [`--shard=${at + 1}/${SANDBOXES}`]);

/** More failing files than this are not the fault of a busy machine. */
const MOST_AGAIN = 3;

/** Maximum time between ending a process and its end. */
const GRACE_MS = 5_000;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const jestArguments = process.argv.slice(2);
const choices = jestArguments.length > 0 ? [jestArguments] : ALL;
const limits = readLimits(process.env);
const reporter = path.join(import.meta.dirname, '../test/runner/reporter.mjs');
const DURATIONS = path.join(import.meta.dirname, '../test/runner/durations.json');

const interruption = new AbortController();
const done: Tally[] = [];
let signalled = 0;
let finishing = false;
let folder: string | undefined;

const folderOf = (at: number): string => path.join(folder ?? '', String(at));
/** What the run of a sandbox recorded, see test/runner/progress.ts. */
const recordOf = (at: number): string => path.join(folderOf(at), 'progress');

/** Counts the results so far, so that nothing is lost if the run is cut short. */
const knownTally = async (): Promise<Tally> => {
  const ran = folder === undefined ? [] : choices.map((_, at) => readTally(recordOf(at), true));
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
  return readTally(recordOf(at), code === 0);
};

/** Runs up to MOST_AGAIN files that failed beside the others once more, alone. @returns the counts with their second results */
const runAgain = async (tallies: readonly Tally[]): Promise<readonly Tally[]> => {
  const records = choices.map((_, at) => recordOf(at));
  const failed = await Promise.all(records.map(readFailedFiles));
  const files = failed.flat();
  const isOnlyFiles = tallies.every((tally, at) => tally.failed === 0 || (failed[at] ?? []).length > 0);
  if (files.length === 0 || files.length > MOST_AGAIN || !isOnlyFiles) return tallies;
  console.error(`test: once more, alone: ${files.join(', ')}`);
  const second = await runJest(choices.length, [
    ...jestArguments.filter((each) => each.startsWith('--')),
    '--runTestsByPath',
    ...files,
  ]).catch(reportFailure);
  if (second.failed === 0) console.error(`test: failed beside others and passed alone: ${files.join(', ')}`);
  return [...(await Promise.all(records.map((record) => readTallyWithout(record, files)))), second];
};

const updateDurations = async (): Promise<void> => {
  const long = await Promise.all(choices.map(async (_, at) => longFiles(await readEvents(recordOf(at)))));
  const sorted = Object.entries(Object.assign({}, ...long) as Record<string, number>).toSorted();
  await writeFile(DURATIONS, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
};

const runTests = async (): Promise<Tally> => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-test-'));
  const corpora = path.join(folder, CORPORA);
  process.env['PORTCULLIS_CORPUS_RESULTS'] = corpora;
  const first = await Promise.all(choices.map((choice, at) => runJest(at, choice).catch(reportFailure)));
  const tallies = process.env['PORTCULLIS_TEST_AGAIN'] === '1' ? await runAgain(first) : first;
  const lines = (await readFile(corpora, 'utf8').catch(() => '')).split('\n');
  if (process.env['UPDATE_DURATIONS'] === '1') await updateDurations();
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
