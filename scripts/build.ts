import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { plainBuiltins } from './build/plain-builtins.ts';

/**
 * Bundles the command line into dist/. Each verb is a dynamic import and becomes a chunk of its own, so that one verb
 * does not pay for what another one loads.
 */
const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

// CommonJS packages inside the bundle still call `require` for Node's own modules.
const REQUIRE_FOR_COMMONJS = "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);";

const bundleInto = async (outdir: string): Promise<void> => {
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
    // Less to read and to keep, with names as they are: stacks and profiles stay readable.
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [plainBuiltins],
    banner: { js: REQUIRE_FOR_COMMONJS },
    logLevel: 'warning',
  });
};

// What runs from dist keeps finding its chunks until the new ones are whole; a rename then takes no time.
const workshop = await mkdtemp(`${dist}.`);
try {
  const fresh = path.join(workshop, 'new');
  await bundleInto(fresh);
  if (existsSync(dist)) await rename(dist, path.join(workshop, 'old'));
  await rename(fresh, dist);
} finally {
  await rm(workshop, { recursive: true });
}
