import type { ObservedSet } from '../render/observed.ts';
import { parseIpsetSave } from '../render/parse-ipset.ts';
import type { CommandRunner } from './command.ts';

/** The kernel's IP sets. */
export interface IpSets {
  /** Our sets. @throws CommandError */
  read(): Promise<ReadonlyMap<string, ObservedSet>>;
  /** Carries out restore text line by line; stops at the first that fails. @throws CommandError */
  restore(text: string): Promise<void>;
  /** @throws CommandError where a rule or another set still names it, or it is gone */
  destroy(name: string): Promise<void>;
}

/** -exist: adding what is there and deleting what is gone are no errors, so an interrupted change can be repeated. */
export const IPSET_RESTORE: readonly string[] = ['-exist', 'restore'];

export const createIpSets = (runner: CommandRunner): IpSets => ({
  async read() {
    return parseIpsetSave(await runner.run('ipset', ['save']));
  },
  async restore(text) {
    await runner.run('ipset', IPSET_RESTORE, { input: text });
  },
  async destroy(name) {
    await runner.run('ipset', ['destroy', name]);
  },
});
