import { access, constants, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Folders in memory. A sandbox has its own /run, which is removed with it in any case. */
const IN_MEMORY = ['/run', '/dev/shm'];

const isWritable = (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );

/** Makes a new folder, in memory if possible. */
export const makeMemoryFolder = async (): Promise<string> => {
  const name = 'portcullis-apiserver-';
  for (const parent of IN_MEMORY) {
    if (await isWritable(parent)) return mkdtemp(path.join(parent, name));
  }
  return mkdtemp(path.join(tmpdir(), name));
};
