import { startProcess } from '../../../src/lab/process.ts';
import { waitFor } from '../wait-for.ts';
import { createCommandRunner } from '../../../src/kernel/command.ts';

/** The lock file of iptables-legacy (XT_LOCK_NAME); all network namespaces of a mount namespace share it. */
const LOCK = '/run/xtables.lock';

/** Takes the lock, or that of a node of the lab, like another slow program. @returns a function that releases it */
export const holdXtablesLock = async (file = LOCK): Promise<() => Promise<void>> => {
  const holder = await startProcess('flock', ['--no-fork', file, 'sleep', '1000000']);
  const isHeld = (): Promise<true | undefined> =>
    createCommandRunner()
      .run('flock', ['--nonblock', file, 'true'])
      .then(
        () => undefined,
        () => true as const,
      );
  await waitFor('the lock to be held', 60_000, isHeld);
  return async () => {
    await holder.stop();
  };
};
