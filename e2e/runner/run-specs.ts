import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startProcess } from '../../src/lab/process.ts';
import { type Target, TARGET_VARIABLE } from '../support/target.ts';
import type { Count } from './outcome.ts';

const ROOT = path.join(import.meta.dirname, '../..');

export interface SpecSelection {
  /** Regular expression of file names; all if absent. */
  readonly files?: string;
  /** Regular expression of specs' names; all if absent. */
  readonly names?: string;
}

/** The part of jest's results that is read. */
interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Number of files that could not be loaded. */
  readonly numRuntimeErrorTestSuites: number;
}

const readCount = async (file: string): Promise<Count> => {
  const results = JSON.parse(await readFile(file, 'utf8')) as JestResults;
  const { numPassedTests: passed, numFailedTests, numRuntimeErrorTestSuites } = results;
  return { passed, total: passed + numFailedTests + numRuntimeErrorTestSuites };
};

/** Runs our specs, one file after the other, with output to the terminal. Specs of own nodes need a cluster of ours. */
export const runSpecs = async (target: Target, { files, names }: SpecSelection): Promise<Count> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-e2e-'));
  try {
    const results = path.join(folder, 'results.json');
    const jest = await startProcess(
      'setpriv',
      [
        // Jest dies with us in any case.
        ...['--pdeathsig', 'KILL', process.execPath],
        path.join(ROOT, 'node_modules/jest/bin/jest.js'),
        `--config=${path.join(ROOT, 'e2e/jest.config.js')}`,
        '--runInBand',
        // Something that a spec left open is no reason to wait.
        '--forceExit',
        '--verbose',
        '--json',
        `--outputFile=${results}`,
        ...(target.clusterRoot === undefined ? ['--testPathIgnorePatterns=/own-nodes/'] : []),
        ...(names === undefined ? [] : [`--testNamePattern=${names}`]),
        ...(files === undefined ? [] : [files]),
      ],
      {
        output: 'inherit',
        env: {
          [TARGET_VARIABLE]: JSON.stringify(target),
          // Jest runs ES modules through an interface of Node that prints a warning that it is experimental.
          NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
        },
      },
    );
    await jest.ended;
    return await readCount(results);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
