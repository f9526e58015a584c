import { existsSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { buildAgentSnapshot } from './build/agent-snapshot.ts';
import { buildPage } from './build/page.ts';
import { type LaterModules, laterModules } from './build/later-modules.ts';
import { plainBuiltins } from './build/plain-builtins.ts';

/**
 * Bundles the command line into dist/. Each verb is a dynamic import with a chunk of its own, so that a verb loads only
 * what it needs. The agent, which a node waits for, also gets a start-up snapshot.
 */
const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

// CommonJS packages inside the bundle still call `require` for Node's own modules.
const REQUIRE_FOR_COMMONJS = "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);";

const COMMON: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Smaller output, with names unchanged, so that stacks and profiles stay readable.
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
};

const bundleInto = async (outdir: string): Promise<LaterModules> => {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: { portcullis: 'src/cli/main.ts', 'pod-server': 'src/cli/play/pod-server.ts' },
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
    plugins: [plainBuiltins('program')],
    banner: { js: REQUIRE_FOR_COMMONJS },
    metafile: true,
  });
  return laterModules(metafile, root, outdir);
};

// Processes that run from dist keep their chunks until the new ones are complete; the rename takes no time.
const workshop = await mkdtemp(`${dist}.`);
try {
  const fresh = path.join(workshop, 'new');
  const later = await bundleInto(fresh);
  // Perl is not bundled: the file is found beside the one that the process was started with.
  await cp(path.join(root, 'src/kernel/netlink/relay.pl'), path.join(fresh, 'relay.pl'));
  // The image is built without the page: nobody opens a browser there.
  if (existsSync(path.join(root, 'ui'))) await buildPage(root, path.join(fresh, 'page'));
  await buildAgentSnapshot({ common: COMMON, outdir: fresh, later });
  if (existsSync(dist)) await rename(dist, path.join(workshop, 'old'));
  await rename(fresh, dist);
} finally {
  await rm(workshop, { recursive: true });
}
