import { mkdtemp, readdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFolder } from '../clean-up.ts';

/** iptables' folder of extensions (XTABLES_LIBDIR) without one of them, which stands for any that an image lacks. */
export interface LackingExtensions {
  /** The prefix of a command that uses the folder. */
  readonly prefix: readonly string[];
  close(): Promise<void>;
}

const LIB = '/usr/lib';

const extensionsFolder = async (): Promise<string> => {
  for (const place of await readdir(LIB)) {
    const folder = path.join(LIB, place, 'xtables');
    if ((await readdir(folder).catch(() => [])).length > 0) return folder;
  }
  throw new Error(`no extensions of iptables below ${LIB}`);
};

/**
 * @param file such as `libxt_statistic.so`
 * @param within the folder that its links are put in; one for temporary files if absent
 */
export const withoutExtension = async (file: string, within = tmpdir()): Promise<LackingExtensions> => {
  const from = await extensionsFolder();
  const folder = await mkdtemp(path.join(within, 'portcullis-extensions-'));
  for (const each of await readdir(from)) {
    if (each !== file) await symlink(path.join(from, each), path.join(folder, each));
  }
  return { prefix: ['env', `XTABLES_LIBDIR=${folder}`], close: () => removeFolder(folder) };
};
