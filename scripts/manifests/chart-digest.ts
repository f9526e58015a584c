import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { digestFiles } from '../digest-files.ts';
import { PATHS, ROOT } from './paths.ts';

/** Returns a digest of the chart and its values, which determine the rendered manifests. */
export const chartDigest = async (): Promise<string> => {
  const files: string[] = [];
  for (const folder of [PATHS.chart, PATHS.values, PATHS.refusedValues]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.push(path.relative(ROOT, path.join(entry.parentPath, entry.name)));
    }
  }
  return digestFiles(ROOT, files);
};
