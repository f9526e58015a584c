import { cp } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile } from 'esbuild';

/**
 * Bundles the page for browsers: what is painted first, the worker with the evaluator, and the editor, which is loaded when
 * somebody edits. Names are fixed, since the server keeps all of it in memory and browsers nothing.
 */
export const buildPage = async (root: string, outdir: string): Promise<Metafile> => {
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'browser',
    target: ['chrome120', 'firefox121', 'safari17.4'],
    format: 'esm',
    splitting: true,
    minify: true,
    logLevel: 'warning',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfig: 'ui/tsconfig.json',
    entryPoints: { page: 'ui/page.tsx', worker: 'ui/worker/worker.ts', style: 'ui/style.css' },
    outdir,
    chunkNames: '[name]-[hash]',
    metafile: true,
  });
  await cp(path.join(root, 'ui/index.html'), path.join(outdir, 'index.html'));
  return metafile;
};
