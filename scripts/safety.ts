import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';
import { parseOptions } from './safety/options.ts';

/**
 * `npm run safety [-- ROW…]`: proves by counted packets that nothing leaks and nothing breaks when agents end, when another
 * version replaces them and when policies change under live connections, and by the clock that tampering is repaired. Exits
 * with 1 if a goal is missed.
 */

const args = process.argv.slice(2);
parseOptions(args);
await builtProber();
const inside = path.join(import.meta.dirname, 'safety-in-sandbox.ts');
process.exitCode = await enterSandbox(createCommandRunner(), process.execPath, [inside, ...args]);
