import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Returns a SHA-256 digest, in hexadecimal, of the names and contents of files below a folder, independent of their
 * order.
 */
export const digestFiles = async (root: string, files: readonly string[]): Promise<string> => {
  const hash = createHash('sha256');
  for (const file of files.toSorted()) {
    const content = createHash('sha256')
      .update(await readFile(path.join(root, file)))
      .digest('hex');
    hash.update(`${content} ${file}\n`);
  }
  return hash.digest('hex');
};
