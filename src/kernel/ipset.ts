import type { CommandRunner } from './command.ts';

/** Changes the kernel's IP sets. SetReader reads them. */
export interface IpSets {
  /** Applies restore text line by line, up to the first line that fails. @throws CommandError */
  restore(text: string): Promise<void>;
}

/**
 * -exist: adding an existing member and deleting a missing one are no errors, so that an interrupted change can be
 * repeated.
 */
export const IPSET_RESTORE: readonly string[] = ['-exist', 'restore'];

export const createIpSets = (runner: CommandRunner): IpSets => ({
  async restore(text) {
    await runner.run('ipset', IPSET_RESTORE, { input: text });
  },
});
