import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';
import { runScript } from './run-script.ts';

/** `npm run chaos [-- OPTIONS]`: see its --help. Runs in a sandbox, so that it cannot change the machine. */
await builtProber();
process.exitCode = await runScript('build-kubernetes.ts');
if (process.exitCode === 0) {
  const script = path.join(import.meta.dirname, 'chaos-in-sandbox.ts');
  process.exitCode = await enterSandbox(createCommandRunner(), process.execPath, [script, ...process.argv.slice(2)]);
}
