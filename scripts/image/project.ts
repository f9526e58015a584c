import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '../..');

/** Where images and what they are built from are kept. Everything in it can be removed at any time. */
export const CACHE = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'portcullis', 'image');

/** What the Dockerfile builds, as the manifests name it and as container runtimes list it. */
export interface ImageName {
  readonly version: string;
  /** As the manifests name it. */
  readonly short: string;
  /** The same in full. */
  readonly full: string;
}

export const readImageName = async (): Promise<ImageName> => {
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return { version, short: `portcullis:${version}`, full: `docker.io/library/portcullis:${version}` };
};
