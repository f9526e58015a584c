import { spawn } from 'node:child_process';
import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { prepareSandbox } from '../src/lab/sandbox.ts';

/** `node jest-in-sandbox.ts CORPORA-FILE JEST-ARGUMENT…`: the inner half of `npm test`, started inside the sandbox. */

const root = path.join(import.meta.dirname, '..');
const [corpora, ...jestArguments] = process.argv.slice(2);

await prepareSandbox(createCommandRunner());

const jest = spawn(process.execPath, [path.join(root, 'node_modules/jest/bin/jest.js'), ...jestArguments], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: {
    ...process.env,
    PORTCULLIS_CORPUS_RESULTS: corpora,
    // Jest runs ES modules through an interface of Node that still warns of being experimental.
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
  },
});
jest.on('close', (code) => {
  process.exitCode = code ?? 1;
});
