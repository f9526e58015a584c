import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { runScript } from '../scripts/run-script.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';
import { parseOptions } from './options.ts';

/** `npm run bench [-- OPTIONS]`: builds what the sandbox cannot build, and measures inside it. */

const root = path.join(import.meta.dirname, '..');
const args = process.argv.slice(2);

parseOptions(args, root);
process.exitCode = await runScript('build-kubernetes.ts');
if (process.exitCode === 0) {
  await builtProber();
  const inside = path.join(import.meta.dirname, 'inside.ts');
  process.exitCode = await enterSandbox(createCommandRunner(), process.execPath, [inside, ...args]);
}
