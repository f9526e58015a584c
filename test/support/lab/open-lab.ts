import { createCommandRunner } from '../../../src/kernel/command.ts';
import { createLab, type Lab } from '../../../src/lab/lab.ts';
import { prepareSandbox } from '../../../src/lab/sandbox.ts';
import type { LabSettings } from '../../../src/lab/settings.ts';

/**
 * A lab for one test file; files share the sandbox, so they run one after the other and close their lab.
 * @throws SandboxError where the tests are not run inside a sandbox (test/support/lab/in-sandbox.ts).
 */
export const openLab = async (settings: LabSettings): Promise<Lab> => {
  const runner = createCommandRunner();
  await prepareSandbox(runner);
  return createLab(runner, settings);
};
