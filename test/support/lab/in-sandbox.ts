/** `node test/support/lab/in-sandbox.ts COMMAND ARG…` runs a command in a sandbox; its exit code is the command's. */
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { enterSandbox } from '../../../src/lab/sandbox.ts';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) throw new Error('in-sandbox: which command?');
process.exitCode = await enterSandbox(createCommandRunner(), file, args);
