import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from './project.ts';

/** The base images of the Dockerfile: the defaults of its `ARG …_IMAGE` lines. */
export interface BaseImages {
  /** For example `debian:12-slim`. */
  readonly base: string;
  /** For example `node:24.21.0-bookworm-slim`. */
  readonly node: string;
  /** For example `golang:1.26-bookworm`. */
  readonly go: string;
}

const argument = (dockerfile: string, name: string): string => {
  const [, value] = new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(dockerfile) ?? [];
  if (value === undefined) throw new Error(`Dockerfile: ARG ${name} has no default`);
  return value;
};

/** @throws Error if the Dockerfile names none */
export const readBaseImages = async (): Promise<BaseImages> => {
  const dockerfile = await readFile(path.join(ROOT, 'Dockerfile'), 'utf8');
  return {
    base: argument(dockerfile, 'BASE_IMAGE'),
    node: argument(dockerfile, 'NODE_IMAGE'),
    go: argument(dockerfile, 'GO_IMAGE'),
  };
};
