import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileVersion } from './result-index.ts';

/** Results have a few kB; a larger file is not one. */
const MAX_BYTES = 1024 * 1024;

export interface ResultText {
  readonly version: FileVersion;
  readonly text: string;
}

/** Follows no link, and does not wait for the other end of a pipe. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** @throws the system's error; Error for something that is not a file, or a file that is too large */
export const readResultFile = async (path: string): Promise<ResultText> => {
  const file = await open(path, FLAGS);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('not a file');
    if (stat.size > MAX_BYTES) throw new Error(`${stat.size} bytes, more than ${MAX_BYTES}`);
    const buffer = Buffer.alloc(stat.size);
    const { bytesRead } = await file.read(buffer, 0, stat.size, 0);
    // A file that has grown since has another version by then, and is read again.
    return { version: { mtimeMs: stat.mtimeMs, size: stat.size }, text: buffer.toString('utf8', 0, bytesRead) };
  } finally {
    await file.close();
  }
};
