import { readFile, rename, writeFile } from 'node:fs/promises';
import { hasCode } from './error-code.ts';
import type { ClusterFolder } from './folder.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { ClusterSettings } from './settings.ts';

/** What later commands need to know of a running cluster, or of the rest of one. */
export interface ClusterRecord {
  readonly settings: ClusterSettings;
  /** Absolute paths of the control groups that were made for it. */
  readonly cgroups: readonly string[];
  /** The process whose end ends everything; absent until it runs. */
  readonly world?: ProcessIdentity;
}

/** Returns undefined if there is no cluster. */
export const readRecord = async (folder: ClusterFolder): Promise<ClusterRecord | undefined> => {
  const text = await readFile(folder.record, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as ClusterRecord);
};

export const writeRecord = async (folder: ClusterFolder, record: ClusterRecord): Promise<void> => {
  const fresh = `${folder.record}.new`;
  await writeFile(fresh, `${JSON.stringify(record, null, 2)}\n`);
  await rename(fresh, folder.record);
};
