import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { testByPromtool } from '../test/alerts/promtool.ts';
import path from 'node:path';

/**
 * `npm run alerts`: tests each alert with promtool, then loads all of them into a Prometheus that scrapes a real agent, and
 * produces real faults. The second half runs in a sandbox and cannot change the machine.
 */

const runner = createCommandRunner();
console.log(`alerts: ${await testByPromtool(runner)} tests of promtool passed`);
const inside = path.join(import.meta.dirname, 'alerts-in-sandbox.ts');
process.exitCode = await enterSandbox(runner, process.execPath, [inside, ...process.argv.slice(2)]);
