import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '../..');

/** The folder of images and their ingredients. Everything in it can be removed at any time. */
export const CACHE = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'portcullis', 'image');

/** The names of the Dockerfile's image, in manifests and in container runtimes' lists. */
export interface ImageName {
  readonly version: string;
  /** The name in the manifests. */
  readonly short: string;
  /** The same in full. */
  readonly full: string;
}

export const readImageName = async (): Promise<ImageName> => {
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return { version, short: `portcullis:${version}`, full: `docker.io/library/portcullis:${version}` };
};
