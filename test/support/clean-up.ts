import { rm } from 'node:fs/promises';

/**
 * Removes a folder, also one that a program on its way out still writes to. Does not throw where that goes on: the runner
 * of the tests names what stays, and the test that made it (test/README.md).
 */
export const removeFolder = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(() => undefined);
};

/**
 * Takes each step of a clean-up, in order, whatever became of those before.
 * @throws the first failure, once all steps were taken
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
