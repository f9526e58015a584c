import path from 'node:path';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import { BUILD_MS } from './builder.ts';
import { CACHE } from './project.ts';

/** Runs buildah with a storage of its own, apart from the machine's. */
export type Buildah = (args: readonly string[]) => Promise<string>;

const { run } = createCommandRunner();

export type StorageDriver = 'overlay' | 'vfs';

export const createBuildah = (driver: StorageDriver): Buildah => {
  const storage = ['--root', path.join(CACHE, `storage-${driver}`), '--runroot', path.join(CACHE, `run-${driver}`)];
  return (args) => run('buildah', [...storage, '--storage-driver', driver, ...args], { timeoutMs: BUILD_MS });
};

/**
 * Chooses overlay, which keeps layers apart, so that a build repeats only what changed; else vfs, which copies whole
 * trees but works on any file system.
 */
export const chooseDriver = async (): Promise<StorageDriver> => {
  try {
    await createBuildah('overlay')(['info']);
    return 'overlay';
  } catch (error) {
    if (error instanceof CommandError && error.exitCode !== undefined) return 'vfs';
    throw error;
  }
};
