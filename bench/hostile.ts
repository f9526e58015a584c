import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { runScript } from '../scripts/run-script.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';
import { parseHostileOptions } from './hostile/options.ts';

/** `npm run bench:hostile [-- OPTIONS]`: builds what the sandbox cannot build, and measures inside it. */

const args = process.argv.slice(2);

parseHostileOptions(args, path.join(import.meta.dirname, '..'));
process.exitCode = await runScript('build-kubernetes.ts');
if (process.exitCode === 0) {
  await builtProber();
  const inside = path.join(import.meta.dirname, 'hostile/inside.ts');
  process.exitCode = await enterSandbox(createCommandRunner(), process.execPath, [inside, ...args]);
}
