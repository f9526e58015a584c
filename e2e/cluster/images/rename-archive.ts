import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CommandRunner } from '../../../src/kernel/command.ts';

const COPY_MS = 120_000;

/**
 * Writes the image of an archive into another one under another name, so that loading both in any order keeps the names
 * apart.
 *
 * @param archive in the format of `buildah push … docker-archive:`, with one image
 * @param name in full, such as `docker.io/library/portcullis:0.1.0`
 */
export const renameArchive = async (
  runner: CommandRunner,
  archive: string,
  name: string,
  target: string,
): Promise<void> => {
  const work = await mkdtemp(`${target}.`);
  try {
    const image = path.join(work, 'image');
    await mkdir(image);
    await runner.run('tar', ['-C', image, '-xf', archive], { timeoutMs: COPY_MS });
    const file = path.join(image, 'manifest.json');
    const [manifest] = JSON.parse(await readFile(file, 'utf8')) as [object];
    await rm(file);
    await writeFile(file, JSON.stringify([{ ...manifest, RepoTags: [name] }]));
    // The same names again, for old readers.
    await rm(path.join(image, 'repositories'), { force: true });
    const copy = path.join(work, 'image.tar');
    await runner.run('tar', ['-C', image, '-cf', copy, '.'], { timeoutMs: COPY_MS });
    await rename(copy, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
