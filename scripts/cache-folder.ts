import { accessSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * A folder for what tools keep between runs, below node_modules.
 * @returns undefined in a checkout that somebody else owns: it works too, only more slowly
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
