import { accessSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Returns a folder for files that tools keep between runs, below node_modules.
 * @returns undefined in a checkout that another user owns: there the tools work without a cache, only more slowly
 */
export const cacheFolder = (name: string): string | undefined => {
  const folder = path.join(import.meta.dirname, '../node_modules/.cache', name);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return undefined;
  }
};
