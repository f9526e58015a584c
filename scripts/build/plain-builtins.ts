import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

const NAMESPACE = 'builtin';

/** Modules of Node that a start-up snapshot cannot contain, because they have parts in C++ that cannot be serialized. */
const NOT_FOR_SNAPSHOTS = ['http', 'https', 'http2', 'tls'];

const asItIs = (name: string): string =>
  `module.exports = process.getBuiltinModule(${JSON.stringify(`node:${name}`)});`;

/** Loads the module when one of its properties is read for the first time. */
const onDemand = (name: string): string => {
  const exports = Object.keys(process.getBuiltinModule(name) ?? {});
  return `
    const load = () => process.getBuiltinModule(${JSON.stringify(`node:${name}`)});
    for (const name of ${JSON.stringify(exports)}) {
      Object.defineProperty(module.exports, name, { enumerable: true, get: () => load()[name] });
    }`;
};

/**
 * Takes Node's own modules as they are instead of importing them. An import reads all exports of a module, also those
 * that load something large on access: `node:http` has WebSocket, which loads undici and cost every start 13 MB and
 * 0.03 s.
 *
 * @param use `snapshot`: modules that it cannot contain are loaded on demand
 */
export const plainBuiltins = (use: 'program' | 'snapshot'): Plugin => ({
  name: 'plain-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      (kind === 'import-statement' || (kind === 'require-call' && use === 'snapshot')) && isBuiltin(path)
        ? { path: path.replace(/^node:/, ''), namespace: NAMESPACE }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: use === 'snapshot' && NOT_FOR_SNAPSHOTS.includes(path) ? onDemand(path) : asItIs(path),
    }));
  },
});
