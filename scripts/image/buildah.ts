import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { createBaseImages } from './base-images.ts';
import { buildArgFlags, type Builder } from './builder.ts';
import { chooseDriver, createBuildah } from './buildah-storage.ts';
import { readBaseImages } from './dockerfile.ts';
import { writeMachineSettings } from './machine-settings.ts';
import { CACHE, ROOT } from './project.ts';

const { run } = createCommandRunner();

const requireMeans = async (): Promise<void> => {
  if (process.getuid?.() !== 0) {
    throw new Error('no docker daemon answers, and without one the image is built as root: sudo npm run image');
  }
  for (const program of ['buildah', 'debootstrap']) {
    await run(program, ['--version']).catch((error: unknown) => {
      throw new Error(`${program} is missing: apt-get install buildah debootstrap`, { cause: error });
    });
  }
};

/**
 * Builds with chroot isolation, which needs neither a daemon nor privileges that containers lack, on base images made
 * of Debian's packages under the official images' names. Each RUN has this machine's network and its settings of apt
 * and npm.
 */
export const buildWithBuildah: Builder = async ({ image, args, archive, say }) => {
  await requireMeans();
  await mkdir(CACHE, { recursive: true });
  const driver = await chooseDriver();
  const buildah = createBuildah(driver);
  const scratch = await mkdtemp(path.join(CACHE, 'build-'));
  try {
    const settings = await writeMachineSettings(scratch);
    await createBaseImages(buildah, await readBaseImages(), { settings, scratch, say });
    say(`buildah build -t ${image.full} (storage driver ${driver})`);
    const layers = driver === 'overlay' ? ['--layers'] : [];
    const mounts = settings.mounts.flatMap((mount) => ['--volume', mount]);
    const flags = ['--isolation', 'chroot', '--pull-never', ...layers, ...mounts, ...buildArgFlags(args)];
    await buildah(['build', ...flags, '-t', image.full, ROOT]);
    await buildah(['push', image.full, `docker-archive:${archive}:${image.full}`]);
    // Without layers to reuse, the previous image is only a copy of a whole tree.
    if (driver === 'vfs') await buildah(['rmi', '--prune']);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
