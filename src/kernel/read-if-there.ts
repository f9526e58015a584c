import { readFile } from 'node:fs/promises';

/**
 * Returns the text of a file; empty if it cannot be read: files of /proc and /sys are missing if the kernel lacks their
 * feature.
 */
export const readIfThere = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
