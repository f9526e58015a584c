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
 * Returns the folder of eslint's cache, emptied unless all sources are those that filled it. Eslint itself only
 * compares the file that it checks, but rules with types depend on other files too: a function that becomes async makes
 * its callers wrong.
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
