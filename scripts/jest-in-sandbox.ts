import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { prepareSandbox } from '../src/lab/sandbox.ts';
import { describeProcess } from '../test/runner/describe-left-behind.ts';
import { killProcesses, runningProcesses } from '../test/runner/processes.ts';
import { describeRunning, parseEvents, PROGRESS, runningAtEnd, type TimedEvent } from '../test/runner/progress.ts';
import { endOnSignals } from './end-on-signals.ts';
import { readLimits } from './test/limits.ts';
import { superviseRun } from './test/supervise.ts';

/**
 * `node jest-in-sandbox.ts FOLDER JEST-ARGUMENT…`: the inner half of `npm test`, the first process of the sandbox. Ends
 * jest if it makes no progress, names every process that is left after jest, and ends them all with itself. FOLDER has
 * the record of the run, and all temporary files of the tests.
 */

const root = path.join(import.meta.dirname, '..');
const [folder = '', ...jestArguments] = process.argv.slice(2);
const progress = path.join(folder, 'progress');
const temporary = path.join(folder, 'tmp');

const say = (line: string): void => console.error(`test: ${line}`);
const events = (): readonly TimedEvent[] => {
  try {
    return parseEvents(readFileSync(progress, 'utf8'));
  } catch {
    // Nothing has been recorded yet.
    return [];
  }
};

endOnSignals(() => {
  say(`interrupted while ${describeRunning(runningAtEnd(events()))}`);
  return Promise.resolve();
});

const runner = createCommandRunner();
await prepareSandbox(runner);
// The memory of API servers goes with the sandbox. Without such a folder they use none there.
await runner.run('mount', ['-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', '/dev/shm']).catch(() => undefined);
mkdirSync(temporary, { recursive: true });

const jest = spawn(process.execPath, [path.join(root, 'node_modules/jest/bin/jest.js'), ...jestArguments], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: {
    ...process.env,
    TMPDIR: temporary,
    [PROGRESS]: progress,
    // Jest runs ES modules through an interface of Node that prints a warning that it is experimental.
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
  },
});

const { code, reason } = await superviseRun(jest, { events, stallMs: readLimits(process.env).stallMs });
if (reason !== undefined) say(reason);
for (const left of runningProcesses()) {
  say(`ended ${describeProcess(left, events())}`);
  killProcesses([left]);
}
process.exit(code);
