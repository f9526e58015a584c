import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { ATTACKS } from '../test/attacks/catalogue/all.ts';
import { ELSEWHERE } from '../test/attacks/catalogue/elsewhere.ts';
import { attackDocument } from '../test/attacks/run/table.ts';
import { parseOptions } from './attacks/options.ts';

/**
 * `npm run attacks [-- OPTIONS]`: see its --help. Runs in a sandbox, so that it cannot change the machine, and needs
 * neither Go nor an API server.
 */

const args = process.argv.slice(2);
const { checkout, table } = parseOptions(args);
if (table) {
  await writeFile(path.join(import.meta.dirname, '../docs/attacks.md'), attackDocument(ATTACKS, ELSEWHERE));
  process.exit();
}
process.env['PORTCULLIS_CHECKOUT'] = checkout;
const inside = path.join(import.meta.dirname, 'attacks-in-sandbox.ts');
process.exitCode = await enterSandbox(createCommandRunner(), process.execPath, [inside, ...args]);
