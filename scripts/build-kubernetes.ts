/**
 * Builds kube-apiserver and kubectl for tests and `portcullis play --api-server` into the user's cache, unless they
 * exist. Prints the folder of the programs. Needs the Go module proxy.
 */
import { fileURLToPath } from 'node:url';
import { findBinaries } from '../src/lab/apiserver/binaries.ts';

try {
  const binaries = await findBinaries({
    env: process.env,
    goModule: fileURLToPath(new URL('../e2e/cluster/kubernetes', import.meta.url)),
    say: (line) => {
      console.error(line);
    },
  });
  for (const [name, file] of Object.entries(binaries)) console.log(`${name} ${String(file)}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
