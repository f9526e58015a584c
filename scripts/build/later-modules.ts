import path from 'node:path';
import type { Metafile, Plugin } from 'esbuild';

const NAMESPACE = 'later';

/** Where each module that is imported on demand is in a bundle with chunks: by its source's path, relative to the output. */
export type LaterModules = ReadonlyMap<string, string>;

/** @param root what the paths of the metafile are relative to */
export const laterModules = ({ outputs }: Metafile, root: string, outdir: string): LaterModules =>
  new Map(
    Object.entries(outputs).flatMap(([output, { entryPoint }]) =>
      entryPoint === undefined
        ? []
        : [[path.join(root, entryPoint), path.relative(outdir, path.join(root, output))] as const],
    ),
  );

/**
 * In a start-up snapshot nothing can be imported: what the program imports on demand is required from the chunks of the
 * other bundle, beside the file that the process was started with. Packages in CommonJS have no names to import there: a file
 * of ours is imported on demand, and imports them.
 */
export const requireLater = (modules: LaterModules): Plugin => ({
  name: 'require-later',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /.*/ }, async ({ kind, path: name, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === NAMESPACE) return undefined;
      const found = await resolve(name, { kind, resolveDir, pluginData: NAMESPACE });
      const file = modules.get(found.path);
      if (file === undefined) return { errors: [{ text: `${name} is in no chunk of its own` }] };
      return { path: file, namespace: NAMESPACE };
    });
    onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path: file }) => ({
      contents: `
        const require = process.getBuiltinModule('node:module').createRequire(process.argv[1]);
        module.exports = require(${JSON.stringify(`./${file}`)});`,
    }));
  },
});
