import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { type CommandRunner, createCommandRunner } from '../../../src/kernel/command.ts';
import { nodePrefix, runningCluster } from '../access.ts';
import type { ClusterFolder } from '../folder.ts';
import { importCommand } from '../node/import-images.ts';
import { planCluster } from '../plan.ts';

const IMPORT_MS = 300_000;

const onEveryNode = async (folder: ClusterFolder, work: (runner: CommandRunner) => Promise<unknown>): Promise<void> => {
  const { settings } = await runningCluster(folder);
  for (const node of planCluster(settings.families).nodes) {
    await work(createCommandRunner(await nodePrefix(folder, node.name)));
  }
};

/**
 * Loads an image into every node of a running cluster, under the names in its archive.
 *
 * @param archive in the format of `docker save` or `buildah push … docker-archive:`
 */
export const loadImage = async (folder: ClusterFolder, archive: string): Promise<void> => {
  const name = `loaded-${path.basename(archive)}`;
  const fresh = path.join(folder.root, `${name}.new`);
  await copyFile(archive, fresh);
  await rename(fresh, path.join(folder.images, name));
  const [file, args] = importCommand(name);
  await onEveryNode(folder, (runner) => runner.run(file, args, { timeoutMs: IMPORT_MS }));
};
