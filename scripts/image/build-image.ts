import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { buildWithBuildah } from './buildah.ts';
import { contextDigest } from './context-digest.ts';
import { buildWithDocker, dockerAnswers } from './docker.ts';
import { withLock } from './lock.ts';
import { CACHE, type ImageName, readImageName, ROOT } from './project.ts';

export interface BuiltImage {
  readonly image: ImageName;
  /** The image as a docker-archive. */
  readonly archive: string;
}

/** Number of archives to keep, the newest ones: an upgrade is tested from the previous one. */
const KEPT_ARCHIVES = 3;

const { run } = createCommandRunner();

/** Returns the checked-out commit, with a mark if files differ from it; for the label only. */
const readRevision = async (): Promise<string> => {
  const args = ['-C', ROOT, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
  return run('git', args).then(
    (revision) => revision.trim(),
    () => 'unknown',
  );
};

const isThere = async (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

const removeOldArchives = async (): Promise<void> => {
  const archives = (await readdir(CACHE)).filter((name) => name.endsWith('.tar')).map((name) => path.join(CACHE, name));
  const aged = await Promise.all(archives.map(async (file) => ({ file, at: (await stat(file)).mtimeMs })));
  for (const { file } of aged.toSorted((left, right) => right.at - left.at).slice(KEPT_ARCHIVES)) await rm(file);
};

/**
 * Builds the agent's image from the Dockerfile, unless one of exactly these files exists. With docker, the daemon gets
 * it as well, under both of its names.
 * @throws CommandError, or Error that says what is missing
 */
export const buildImage = async (say: (line: string) => void): Promise<BuiltImage> => {
  await mkdir(CACHE, { recursive: true });
  return withLock(path.join(CACHE, 'lock'), async () => {
    const image = await readImageName();
    const archive = path.join(CACHE, `portcullis-${image.version}-${process.arch}-${await contextDigest()}.tar`);
    const withDocker = await dockerAnswers();
    if (!withDocker && (await isThere(archive))) return { image, archive };
    const unfinished = `${archive}.unfinished`;
    await rm(unfinished, { force: true });
    const args = { VERSION: image.version, REVISION: await readRevision() };
    await (withDocker ? buildWithDocker : buildWithBuildah)({ image, args, archive: unfinished, say });
    await rename(unfinished, archive);
    await removeOldArchives();
    return { image, archive };
  });
};
