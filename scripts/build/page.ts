import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile } from 'esbuild';

/** Returns the folders of the packages that a bundle has parts of. */
const packagesIn = ({ inputs }: Metafile): readonly string[] => [
  ...new Set(Object.keys(inputs).flatMap((input) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [])),
];

/** Writes the licences of the packages beside the page, as they ask. @throws Error where one has none */
const writeLicences = async (root: string, outdir: string, packages: readonly string[]): Promise<void> => {
  const texts = await Promise.all(
    packages.toSorted().map(async (folder) => {
      const names = await readdir(path.join(root, folder));
      const name = names.find((each) => /^licen[cs]e/i.test(each));
      if (name === undefined) throw new Error(`${folder} has no licence text`);
      return `${folder.slice('node_modules/'.length)}\n\n${await readFile(path.join(root, folder, name), 'utf8')}`;
    }),
  );
  await writeFile(path.join(outdir, 'licences.txt'), texts.join('\n----\n\n'));
};

/**
 * Bundles the page for browsers: what is painted first, the worker with the evaluator, the one that paints, and the editor, which is loaded when
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
    entryPoints: {
      page: 'ui/page.tsx',
      painter: 'ui/map/painter.ts',
      worker: 'ui/worker/worker.ts',
      style: 'ui/style.css',
    },
    outdir,
    chunkNames: '[name]-[hash]',
    metafile: true,
  });
  await cp(path.join(root, 'ui/index.html'), path.join(outdir, 'index.html'));
  await writeLicences(root, outdir, packagesIn(metafile));
  return metafile;
};
