import { readFile } from 'node:fs/promises';

/** The text of a file, empty where it cannot be read: files of /proc and /sys are missing where the kernel lacks what they tell of. */
export const readIfThere = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
