import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CommandRunner, createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';
import { cacheFolder } from './cache-folder.ts';
import { runScript } from './run-script.ts';

/**
 * `npm test [-- JEST-ARGUMENTS]`: the static checks, then every test inside a sandbox, where it can touch neither the
 * machine's network nor its firewall. The last line is of the form `N passed, N failed`. With arguments only the tests
 * that they choose run, without the static checks.
 */

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What jest writes with --json, as far as it is read here. */
interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that failed before their first test. */
  readonly numRuntimeErrorTestSuites: number;
}

/** Where the tests say how many cases of each corpus passed. */
const CORPORA = 'corpora';

const NOTHING: Count = { passed: 0, failed: 0, skipped: 0 };
const ONE_PASSED: Count = { ...NOTHING, passed: 1 };
const ONE_FAILED: Count = { ...NOTHING, failed: 1 };

const sum = (counts: readonly Count[]): Count =>
  counts.reduce(
    (left, right) => ({
      passed: left.passed + right.passed,
      failed: left.failed + right.failed,
      skipped: left.skipped + right.skipped,
    }),
    NOTHING,
  );

const jestArguments = process.argv.slice(2);

const reportFailure = (error: unknown): Count => {
  console.error(error instanceof Error ? error.message : error);
  return ONE_FAILED;
};

/**
 * Builds what the tests need and a sandbox, without a way to the outside, could not: once, then it is cached. What cannot
 * be built is one failure here and leaves the tests that do without it.
 */
const prepare = async (): Promise<Count> => {
  const kubernetes = (await runScript('build-kubernetes.ts')) === 0 ? NOTHING : ONE_FAILED;
  const prober = await builtProber().then(() => NOTHING, reportFailure);
  return sum([kubernetes, prober]);
};

/** A file that ends without results (a crash of jest itself) is a failure, not an absence of tests. */
const readResults = async (file: string): Promise<Count> => {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return ONE_FAILED;
  const results = JSON.parse(text) as JestResults;
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: results.numPendingTests + results.numTodoTests,
  };
};

/** All tests, in two sandboxes side by side, about as long as each other: most of it is waiting. */
const BESIDE = ['conformance', 'pure'];
const ALL = [
  ['--ignoreProjects', ...BESIDE],
  ['--selectProjects', ...BESIDE],
];

const runJest = async (
  runner: CommandRunner,
  folder: string,
  at: number,
  choice: readonly string[],
): Promise<Count> => {
  const results = path.join(folder, `results-${at}.json`);
  // Inside the sandbox every user is root: jest's own choice of a folder would be shared between users.
  const cache = cacheFolder('jest') ?? path.join(folder, 'cache');
  const script = path.join(import.meta.dirname, 'jest-in-sandbox.ts');
  const code = await enterSandbox(runner, process.execPath, [
    script,
    path.join(folder, CORPORA),
    '--json',
    `--outputFile=${results}`,
    `--cacheDirectory=${cache}`,
    ...choice,
  ]);
  const count = await readResults(results);
  return code !== 0 && count.failed === 0 ? sum([count, ONE_FAILED]) : count;
};

const runTests = async (): Promise<Count> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-test-'));
  try {
    const runner = createCommandRunner();
    const choices = jestArguments.length > 0 ? [jestArguments] : ALL;
    const counts = await Promise.all(choices.map((choice, at) => runJest(runner, folder, at, choice)));
    const lines = (await readFile(path.join(folder, CORPORA), 'utf8').catch(() => '')).split('\n');
    for (const line of lines.filter((each) => each !== '').toSorted()) console.log(line);
    return sum(counts);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const runAll = async (): Promise<Count> => {
  const checked = jestArguments.length > 0 ? NOTHING : (await runScript('check.ts')) === 0 ? ONE_PASSED : ONE_FAILED;
  return sum([checked, await prepare(), await runTests()]);
};

const { passed, failed, skipped } = await runAll().catch(reportFailure);
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
