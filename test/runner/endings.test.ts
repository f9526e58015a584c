import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { waitFor } from '../support/wait-for.ts';

/** Runs `npm test` on tests that end badly. */

const ROOT = path.join(import.meta.dirname, '../..');
/** Maximum time from the failure to the last line. */
const PROMISE_MS = 60_000;
const DEADLINE_MS = 120_000;
jest.setTimeout(2 * DEADLINE_MS);

/** As outside `npm test`: the run makes a sandbox of its own and follows its own tests. */
const OUTSIDE = [
  'PORTCULLIS_SANDBOX',
  'PORTCULLIS_TEST_PROGRESS',
  'PORTCULLIS_TEST_AGAIN',
  'NODE_OPTIONS',
  'PORTCULLIS_PROPERTY_SECONDS',
];

interface Run {
  readonly process: RunningProcess;
  readonly text: () => string;
}

let folder: string;
let runs: RunningProcess[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-endings-'));
  runs = [];
});

afterEach(async () => {
  await cleanUp(
    () => Promise.all(runs.map((run) => run.stop())),
    () => removeFolder(folder),
  );
});

const startRun = async (fixture: string, env: Readonly<Record<string, string>> = {}): Promise<Run> => {
  const lines: string[] = [];
  const settings = Object.entries({ TMPDIR: folder, PORTCULLIS_FIXTURE: path.basename(folder), ...env });
  const running = await startProcess(
    'env',
    [
      ...OUTSIDE.flatMap((name) => ['-u', name]),
      ...settings.map(([name, value]) => `${name}=${value}`),
      process.execPath,
      path.join(ROOT, 'scripts/test.ts'),
      `--config=${path.join(ROOT, 'test/runner/fixtures/jest.config.js')}`,
      `${fixture}.fixture`,
    ],
    { output: (line) => lines.push(line) },
  );
  runs.push(running);
  return { process: running, text: () => lines.join('\n') };
};

/** Returns command lines of the run's living processes: its children have its folder's name. */
const survivors = async (): Promise<readonly string[]> => {
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const commands = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(path.basename(folder)));
};

/** Waits for the end of a run. @returns its exit code, its last line, and its whole output */
const endOf = async (run: Run): Promise<{ readonly code: number; readonly last: string; readonly text: string }> => {
  const { code } = await run.process.ended;
  // Its last output may arrive a moment after its end.
  const isLast = (): string | undefined => /^\d+ passed, \d+ failed.*$/.exec(run.text().split('\n').at(-1) ?? '')?.[0];
  const last = await waitFor('the last line', 10_000, () => Promise.resolve(isLast()), run.text);
  return { code, last, text: run.text() };
};

const expectNothingLeft = async (): Promise<void> => {
  expect(await survivors()).toEqual([]);
  expect((await readdir(folder)).filter((name) => name.startsWith('portcullis-'))).toEqual([]);
};

describe('the end of a run', () => {
  test('the run ends with its last line and status 1 if a test throws while agents and a stubborn child live', async () => {
    const run = await startRun('throws');
    const startedAt = performance.now();
    const { code, last, text } = await endOf(run);
    expect(performance.now() - startedAt).toBeLessThan(PROMISE_MS);
    expect([code, last]).toEqual([1, '1 passed, 1 failed']);
    const who = 'throws while two agents, a child that takes no SIGTERM and a folder in use live';
    const left = text.split('\n').filter((line) => line.endsWith(`› ${who} ran`));
    expect(left.filter((line) => line.includes('--manifests=')).length).toBe(2);
    expect(text).toContain(`network namespace fixture, of the test ${who}`);
    await expectNothingLeft();
  });

  test.each([
    ['never gives the processor back', 'spins', 'spins.fixture.ts › never gives the processor back ran', '1 passed'],
    ['file never loads', 'loads', 'loads.fixture.ts ran, outside its tests', '0 passed'],
  ])('the run ends with its last line and status 1 if a test %s', async (_, fixture, ran, passed) => {
    const run = await startRun(fixture, { PORTCULLIS_TEST_STALL_SECONDS: '8' });
    const { code, last, text } = await endOf(run);
    expect([code, last]).toEqual([1, `${passed}, 1 failed`]);
    expect(text).toContain(`no progress for 8 s while test/runner/fixtures/${ran}; jest was ended`);
    await expectNothingLeft();
  });

  test('the run ends with its last line if a test waits forever with a server open', async () => {
    const { code, last, text } = await endOf(await startRun('waits'));
    expect([code, last]).toEqual([1, '1 passed, 1 failed']);
    expect(text).toContain('waits.fixture.ts › waits for what never comes, with a server open ran');
    await expectNothingLeft();
  });

  test('the run ends with its last line if a test ends the process that runs it', async () => {
    const { code, last, text } = await endOf(await startRun('crashes'));
    expect([code, last]).toEqual([1, '1 passed, 1 failed']);
    expect(text).toContain(
      'jest ended (SIGSEGV) while test/runner/fixtures/crashes.fixture.ts › ends the process that runs',
    );
    await expectNothingLeft();
  });

  test('the run ends with its last line if a test passes and leaves a child and a folder', async () => {
    const { code, last, text } = await endOf(await startRun('leaves'));
    expect([code, last]).toEqual([1, '2 passed, 1 failed']);
    expect(text).toMatch(/process \d+ \(sh .*started while \S+ › passes and leaves a child and a folder ran/);
    expect(text).toMatch(/temporary file \S+, of the test passes and leaves a child and a folder/);
    await expectNothingLeft();
  });

  test('a file that fails runs once more, alone, only with that setting, and is named', async () => {
    const marker = path.join(folder, 'marker');
    const once = await endOf(await startRun('seconds', { PORTCULLIS_FIXTURE_MARKER: `${marker}-1` }));
    expect([once.code, once.last]).toEqual([1, '1 passed, 1 failed']);
    const env = { PORTCULLIS_FIXTURE_MARKER: `${marker}-2`, PORTCULLIS_TEST_AGAIN: '1' };
    const twice = await endOf(await startRun('seconds', env));
    expect([twice.code, twice.last]).toEqual([0, '2 passed, 0 failed']);
    expect(twice.text).toContain('failed beside others and passed alone: test/runner/fixtures/seconds.fixture.ts');
    const still = await endOf(await startRun('throws', { PORTCULLIS_TEST_AGAIN: '1' }));
    expect([still.code, still.last]).toEqual([1, '1 passed, 1 failed']);
    await expectNothingLeft();
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends the run with its last line, and nothing is left', async (signal, status) => {
  const run = await startRun('spins');
  const hasChild = async (): Promise<true | undefined> =>
    (await survivors()).some((command) => command.includes('trap')) || undefined;
  await waitFor('the child of the test', DEADLINE_MS, hasChild, run.text);
  run.process.signal(signal);
  const { code, last, text } = await endOf(run);
  expect([code, last]).toEqual([status, '1 passed, 1 failed']);
  expect(text).toContain('spins.fixture.ts › never gives the processor back ran');
  await expectNothingLeft();
});

test('a run that exceeds its time ends with its last line, and nothing is left', async () => {
  const { code, last, text } = await endOf(await startRun('spins', { PORTCULLIS_TEST_SECONDS: '12' }));
  expect([code, last]).toEqual([1, '1 passed, 1 failed']);
  expect(text).toContain('not done within 12 s');
  await expectNothingLeft();
});
