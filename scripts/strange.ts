import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { enterSandbox } from '../src/lab/sandbox.ts';
import { fetchDebianTools, RELEASES } from '../test/strange/tools/debian-tools.ts';
import { builtProber } from '../test/support/lab/build-prober.ts';
import { cacheFolder } from './cache-folder.ts';
import { parseOptions } from './strange/options.ts';
import { messageOf } from '../src/model/message-of.ts';

/**
 * `npm run strange [-- OPTIONS]`: see its --help. It runs in a sandbox, where nothing of the machine can be touched. What it
 * needs of the network is fetched before.
 */

const args = process.argv.slice(2);
const { fetch } = parseOptions(args);
await builtProber();
const cache = cacheFolder('debian-tools');
for (const release of fetch && cache !== undefined ? RELEASES : []) {
  await fetchDebianTools(cache ?? '', release).catch((error: unknown) => {
    console.error(`strange: no tools of ${release}: ${messageOf(error)}`);
  });
}
process.env['PORTCULLIS_DEBIAN_TOOLS'] = cache ?? '';
const inside = path.join(import.meta.dirname, 'strange-in-sandbox.ts');
process.exitCode = await enterSandbox(createCommandRunner(), process.execPath, [inside, ...args]);
