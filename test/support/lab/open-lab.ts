import { type CommandRunner, createCommandRunner } from '../../../src/kernel/command.ts';
import { createLab, type Lab } from '../../../src/lab/lab.ts';
import { prepareSandbox } from '../../../src/lab/sandbox.ts';
import type { LabSettings } from '../../../src/lab/settings.ts';

/** Removes what a test file that failed has left in the sandbox. */
const clearSandbox = async (runner: CommandRunner): Promise<void> => {
  const links = JSON.parse(await runner.run('ip', ['-json', 'link', 'show'])) as readonly { readonly ifname: string }[];
  for (const { ifname } of links) {
    // The other end of a pair may have gone with the first.
    if (ifname !== 'lo') await runner.run('ip', ['link', 'delete', ifname]).catch(() => '');
  }
  await runner.run('ip', ['-all', 'netns', 'delete']);
};

/**
 * Opens a lab for one test file. Files share the sandbox, so they run one after the other and close their lab.
 * @throws SandboxError unless the tests run inside a sandbox (test/support/lab/in-sandbox.ts)
 */
export const openLab = async (settings: LabSettings): Promise<Lab> => {
  const runner = createCommandRunner();
  await prepareSandbox(runner);
  await clearSandbox(runner);
  return createLab(runner, settings);
};
