import { startProcess } from '../../../src/lab/process.ts';
import { waitFor } from '../wait-for.ts';
import { createCommandRunner } from '../../../src/kernel/command.ts';

/** What iptables-legacy locks while it works (XT_LOCK_NAME); shared by all network namespaces of a mount namespace. */
const LOCK = '/run/xtables.lock';

/** Takes the lock, if not that of a node of the lab, as another program that is slow would. @returns what gives it back. */
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
