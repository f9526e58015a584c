import path from 'node:path';
import type { Metafile, Plugin } from 'esbuild';

const NAMESPACE = 'later';

/** The chunk of each module that is imported on demand, relative to the output, by its source's path. */
export type LaterModules = ReadonlyMap<string, string>;

/** @param root the folder that the metafile's paths are relative to */
export const laterModules = ({ outputs }: Metafile, root: string, outdir: string): LaterModules =>
  new Map(
    Object.entries(outputs).flatMap(([output, { entryPoint }]) =>
      entryPoint === undefined
        ? []
        : [[path.join(root, entryPoint), path.relative(outdir, path.join(root, output))] as const],
    ),
  );

/**
 * Requires the modules that the program imports on demand from the chunks of the other bundle, beside the file that the
 * process was started with, since a start-up snapshot cannot import. CommonJS packages have no names to import there: a
 * file of ours, which is imported on demand, imports them.
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
