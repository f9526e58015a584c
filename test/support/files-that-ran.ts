import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { connectInspector } from './inspector.ts';

/** Watches which files of src run in a process that was started from source with `--inspect`. */
export interface RunningFiles {
  /** Returns the files of which a function ran since the last call, relative to the root, in order. */
  take(): Promise<readonly string[]>;
  close(): void;
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

const ROOT = pathToFileURL(path.join(import.meta.dirname, '../..')).href;

/**
 * Counts calls by V8's precise coverage, from now on.
 * @param address of the inspector
 */
export const watchRunningFiles = async (address: string): Promise<RunningFiles> => {
  const inspector = await connectInspector(address);
  await inspector.call('Profiler.enable');
  await inspector.call('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  return {
    async take() {
      const { result } = (await inspector.call('Profiler.takePreciseCoverage')) as Coverage;
      return result
        .filter(({ functions }) => functions.some(({ ranges: [whole] }) => whole !== undefined && whole.count > 0))
        .map(({ url }) => url)
        .filter((url) => url.startsWith(`${ROOT}/src/`))
        .map((url) => url.slice(ROOT.length + 1))
        .sort();
    },
    close() {
      inspector.close();
    },
  };
};
