import path from 'node:path';
import { runScript } from '../scripts/run-script.ts';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { parseScaleOptions } from './scale/options.ts';

/** `npm run bench:scale [-- OPTIONS]`: builds what the sandbox cannot build, and measures inside it. */

const args = process.argv.slice(2);

parseScaleOptions(args, path.join(import.meta.dirname, '..'));
process.exitCode = await runScript('build-kubernetes.ts');
if (process.exitCode === 0) {
  const inside = path.join(import.meta.dirname, 'scale/inside.ts');
  process.exitCode = await enterSandbox(createCommandRunner(), process.execPath, [inside, ...args]);
}
