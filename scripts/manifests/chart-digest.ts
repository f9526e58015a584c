import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { PATHS, ROOT } from './paths.ts';

/** A digest of all that the rendered chart depends on: the chart itself and the values it was rendered with. */
export const chartDigest = async (): Promise<string> => {
  const files: string[] = [];
  for (const folder of [PATHS.chart, PATHS.values, PATHS.refusedValues]) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.push(path.relative(ROOT, path.join(entry.parentPath, entry.name)));
    }
  }
  const hash = createHash('sha256');
  for (const file of files.toSorted()) {
    const content = createHash('sha256')
      .update(await readFile(path.join(ROOT, file)))
      .digest('hex');
    hash.update(`${content} ${file}\n`);
  }
  return hash.digest('hex');
};
