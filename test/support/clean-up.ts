import { rm } from 'node:fs/promises';

/**
 * Removes a folder, even while an ending program still writes to it. Does not throw if that goes on: the test runner
 * names what stays, and the test that made it (test/README.md).
 */
export const removeFolder = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(() => undefined);
};

/**
 * Runs each step of a clean-up in order, even after a failure.
 * @throws the first failure, after all steps
 */
export const cleanUp = async (...steps: readonly (() => unknown)[]): Promise<void> => {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
};
