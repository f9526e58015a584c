import { createHash } from 'node:crypto';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cache-folder.ts';

const root = path.join(import.meta.dirname, '..');

const digestOfSources = (): string => {
  const hash = createHash('sha256');
  const files = globSync(['{src,test,scripts,e2e,bench,chaos}/**/*.ts', '*.{js,json}'], { cwd: root });
  for (const file of files.toSorted()) hash.update(`${file}\0`).update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
};

const readIfThere = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/**
 * The folder for eslint's cache, empty unless all sources are those it was filled with. Eslint itself only looks at the
 * file it checks; rules with types depend on others too: a function that begins to return a promise makes its callers
 * wrong.
 */
export const lintCache = (): string | undefined => {
  const folder = cacheFolder('eslint');
  if (folder === undefined) return undefined;
  const stamp = path.join(folder, 'sources');
  const digest = digestOfSources();
  if (readIfThere(stamp) !== digest) {
    rmSync(folder, { recursive: true });
    cacheFolder('eslint');
    writeFileSync(stamp, digest);
  }
  return folder;
};
