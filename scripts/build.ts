import { rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles the command line into dist/. Each verb is a dynamic import and becomes a chunk of its own, so that one verb
 * does not pay for what another one loads.
 */
const root = path.join(import.meta.dirname, '..');
const outdir = path.join(root, 'dist');

// CommonJS packages inside the bundle still call `require` for Node's own modules.
const REQUIRE_FOR_COMMONJS =
  "import { createRequire as portcullisCreateRequire } from 'node:module';" +
  'const require = portcullisCreateRequire(import.meta.url);';

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { portcullis: 'src/cli/main.ts', 'pod-server': 'src/cli/play/pod-server.ts' },
  outdir,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: true,
  sourcesContent: false,
  banner: { js: REQUIRE_FOR_COMMONJS },
  logLevel: 'warning',
});
