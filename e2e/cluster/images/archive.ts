import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CommandRunner } from '../../../src/kernel/command.ts';

/** An image with one layer, made from files of this machine. */
export interface ImageSpec {
  /** Full references, as in pods' specs. */
  readonly names: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Files of this machine by path in the image. */
  readonly files: ReadonlyMap<string, string>;
  /** Targets of symbolic links by path in the image. */
  readonly links: ReadonlyMap<string, string>;
  /** Texts by path in the image. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Makes the archive independent of the user and the time. */
const REPRODUCIBLE = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];

const ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'amd64', arm64: 'arm64' };

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** Returns an image configuration (OCI image specification, config.md). */
const configText = (spec: ImageSpec, layerDigest: string): string =>
  JSON.stringify({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: {
      Entrypoint: spec.entrypoint,
      Cmd: spec.command,
      Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
  });

const stageLayer = async (spec: ImageSpec, root: string): Promise<void> => {
  const place = async (at: string): Promise<string> => {
    const file = path.join(root, at);
    await mkdir(path.dirname(file), { recursive: true });
    return file;
  };
  await mkdir(path.join(root, 'tmp'), { recursive: true });
  await chmod(path.join(root, 'tmp'), 0o1777);
  for (const [at, from] of spec.files) await copyFile(from, await place(at));
  for (const [at, text] of spec.texts) await writeFile(await place(at), text);
  for (const [at, target] of spec.links) await symlink(target, await place(at));
};

/** Writes the image as an archive for `docker load`, `ctr images import` and `kind load image-archive`. */
export const writeImageArchive = async (runner: CommandRunner, spec: ImageSpec, archive: string): Promise<void> => {
  const work = await mkdtemp(`${archive}.`);
  try {
    const root = path.join(work, 'root');
    const image = path.join(work, 'image');
    await mkdir(root);
    await mkdir(image);
    await stageLayer(spec, root);
    await runner.run('tar', ['-C', root, ...REPRODUCIBLE, '-cf', path.join(image, 'layer.tar'), '.']);
    const config = configText(spec, sha256(await readFile(path.join(image, 'layer.tar'))));
    const configFile = `${sha256(config)}.json`;
    await writeFile(path.join(image, configFile), config);
    const manifest = [{ Config: configFile, RepoTags: spec.names, Layers: ['layer.tar'] }];
    await writeFile(path.join(image, 'manifest.json'), JSON.stringify(manifest));
    await runner.run('tar', ['-C', image, ...REPRODUCIBLE, '-cf', path.join(work, 'image.tar'), '.']);
    await rename(path.join(work, 'image.tar'), archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
