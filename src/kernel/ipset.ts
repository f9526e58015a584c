import type { CommandRunner } from './command.ts';

/** Changes the kernel's IP sets. What they hold is read by way of SetReader. */
export interface IpSets {
  /** Carries out restore text line by line; stops at the first line that fails. @throws CommandError */
  restore(text: string): Promise<void>;
}

/** -exist: adding what is there and deleting what is gone are no errors, so an interrupted change can be repeated. */
export const IPSET_RESTORE: readonly string[] = ['-exist', 'restore'];

export const createIpSets = (runner: CommandRunner): IpSets => ({
  async restore(text) {
    await runner.run('ipset', IPSET_RESTORE, { input: text });
  },
});
