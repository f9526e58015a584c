import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';

/** `npm run fuzz [-- OPTIONS]`: see its --help. Runs in a sandbox, so that it cannot change the machine. */
await builtProber();
const script = path.join(import.meta.dirname, 'fuzz-in-sandbox.ts');
process.exitCode = await enterSandbox(createCommandRunner(), process.execPath, [script, ...process.argv.slice(2)]);
