import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { nodePrefix, runningCluster } from '../access.ts';
import type { ClusterFolder } from '../folder.ts';
import { importCommand } from '../node/import-images.ts';
import { planCluster } from '../plan.ts';

const IMPORT_MS = 300_000;

/**
 * Gives an image of one's own to every node of a running cluster, under the names that its archive tells.
 *
 * @param archive as `docker save`, `buildah push … docker-archive:` or `oci-archive:` write them
 */
export const loadImage = async (folder: ClusterFolder, archive: string): Promise<void> => {
  const { settings } = await runningCluster(folder);
  const name = `loaded-${path.basename(archive)}`;
  const inPlace = path.join(folder.images, name);
  await copyFile(archive, `${folder.root}/${name}.new`);
  await rename(`${folder.root}/${name}.new`, inPlace);
  for (const node of planCluster(settings.families).nodes) {
    const runner = createCommandRunner(await nodePrefix(folder, node.name));
    const [file, args] = importCommand(name);
    await runner.run(file, args, { timeoutMs: IMPORT_MS });
  }
};
