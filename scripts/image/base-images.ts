import { copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import type { Buildah } from './buildah-storage.ts';
import { BUILD_MS } from './builder.ts';
import type { BaseImages } from './dockerfile.ts';
import { DEFAULT_SOURCES, type MachineSettings, SUITE } from './machine-settings.ts';

export interface BaseImageOptions {
  readonly settings: MachineSettings;
  /** A temporary folder. */
  readonly scratch: string;
  readonly say: (line: string) => void;
}

/** The official image of this name is Debian's minimal system without documentation, and so is ours. */
const DEBIAN = 'debian:12-slim';

const GO = /^golang:(?<version>\d+\.\d+)-bookworm$/;

const NODE = /^node:(?<version>\d+\.\d+\.\d+)-bookworm-slim$/;

/** The major release of npm in the official images of Node 24. */
const NPM = 'npm@11';

const { run } = createCommandRunner();

const exists = async (buildah: Buildah, name: string): Promise<boolean> => {
  try {
    await buildah(['inspect', '--type', 'image', name]);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
};

const fullName = (name: string): string => `docker.io/library/${name}`;

/** Makes an image by applying `fill` to the tree of another one, or to an empty one (`scratch`). */
const make = async (
  buildah: Buildah,
  name: string,
  from: string,
  fill: (tree: string) => Promise<void>,
): Promise<void> => {
  const container = (await buildah(['from', '--pull-never', from])).trim();
  try {
    await fill((await buildah(['mount', container])).trim());
    await buildah(['umount', container]);
    await buildah(['commit', '--quiet', container, fullName(name)]);
  } finally {
    await buildah(['rm', container]);
  }
};

/** Removes what the official slim images leave out, except for the copyright files. */
const slim = async (tree: string): Promise<void> => {
  const unwanted = ['usr/share/man', 'usr/share/locale', 'usr/share/info', 'usr/share/lintian', 'var/lib/apt/lists'];
  for (const folder of ['var/cache/apt', 'var/log', ...unwanted]) {
    for (const name of await readdir(path.join(tree, folder)).catch(() => [])) {
      await rm(path.join(tree, folder, name), { recursive: true, force: true });
    }
  }
  const docs = path.join(tree, 'usr/share/doc');
  for (const entry of await readdir(docs, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory() && entry.name !== 'copyright') await rm(path.join(entry.parentPath, entry.name));
  }
  const rules = ['path-exclude /usr/share/doc/*', 'path-include /usr/share/doc/*/copyright'];
  for (const folder of ['man', 'locale', 'info', 'lintian']) rules.push(`path-exclude /usr/share/${folder}/*`);
  await writeFile(path.join(tree, 'etc/dpkg/dpkg.cfg.d/slim'), `${rules.join('\n')}\n`);
};

const makeDebian = async (buildah: Buildah, name: string, { settings, say }: BaseImageOptions): Promise<void> => {
  if (name !== DEBIAN) throw new Error(`${name} cannot be made here, only ${DEBIAN}: build with docker`);
  say(`making ${name} with debootstrap (once; about a minute)`);
  await make(buildah, name, 'scratch', async (tree) => {
    await run('debootstrap', ['--variant=minbase', SUITE, tree, settings.mirror], { timeoutMs: BUILD_MS });
    await slim(tree);
    // debootstrap writes the mirror that it used, which is specific to this machine.
    await writeFile(path.join(tree, 'etc/apt/sources.list'), `${DEFAULT_SOURCES.join('\n')}\n`);
  });
};

/** Unpacks an npm package. @returns the folder of its files */
const fetchPackage = async (spec: string, scratch: string): Promise<string> => {
  const folder = await mkdtemp(path.join(scratch, 'package-'));
  await run('npm', ['pack', '--silent', '--pack-destination', folder, spec], { timeoutMs: BUILD_MS });
  const [archive = ''] = await readdir(folder);
  await run('tar', ['-xzf', path.join(folder, archive), '-C', folder]);
  return path.join(folder, 'package');
};

/** Makes the base with Node and npm from the npm registry, at the official image's paths. */
const makeNode = async (buildah: Buildah, images: BaseImages, { scratch, say }: BaseImageOptions): Promise<void> => {
  const version = NODE.exec(images.node)?.groups?.['version'];
  if (version === undefined) throw new Error(`${images.node} cannot be made here: build with docker`);
  const nodePackage = `node-linux-${process.arch}@${version}`;
  say(`making ${images.node} from the npm packages ${nodePackage} and ${NPM} (once)`);
  const node = await fetchPackage(nodePackage, scratch);
  const npm = await fetchPackage(NPM, scratch);
  await make(buildah, images.node, fullName(images.base), async (tree) => {
    const local = path.join(tree, 'usr/local');
    await mkdir(path.join(local, 'lib/node_modules'), { recursive: true });
    await copyFile(path.join(node, 'LICENSE'), path.join(local, 'LICENSE'));
    await copyFile(path.join(node, 'bin/node'), path.join(local, 'bin/node'));
    await cp(npm, path.join(local, 'lib/node_modules/npm'), { recursive: true });
    await symlink('../lib/node_modules/npm/bin/npm-cli.js', path.join(local, 'bin/npm'));
  });
};

/** Parts of Go that no build needs. */
const NOT_OF_GO = ['test', 'doc', 'api', 'misc'];

/** Makes the base with this machine's Go, at the official image's path. */
const makeGo = async (buildah: Buildah, images: BaseImages, { say }: BaseImageOptions): Promise<void> => {
  const version = GO.exec(images.go)?.groups?.['version'];
  if (version === undefined) throw new Error(`${images.go} cannot be made here: build with docker`);
  const root = (await run('go', ['env', 'GOROOT'])).trim();
  const own = (await run('go', ['env', 'GOVERSION'])).trim();
  if (own !== `go${version}` && !own.startsWith(`go${version}.`)) {
    throw new Error(
      `${images.go} cannot be made of this machine's ${own}: install Go ${version}, or build with docker`,
    );
  }
  say(`making ${images.go} of this machine's ${own} (once)`);
  await make(buildah, images.go, fullName(images.base), async (tree) => {
    await cp(root, path.join(tree, 'usr/local/go'), {
      recursive: true,
      filter: (from) => !NOT_OF_GO.includes(path.relative(root, from)),
    });
  });
};

/**
 * Makes the base images of the Dockerfile under their names, unless they exist.
 * @throws CommandError, or Error for the name of an unknown image
 */
export const createBaseImages = async (
  buildah: Buildah,
  images: BaseImages,
  options: BaseImageOptions,
): Promise<void> => {
  if (!(await exists(buildah, fullName(images.base)))) await makeDebian(buildah, images.base, options);
  if (!(await exists(buildah, fullName(images.node)))) await makeNode(buildah, images, options);
  if (!(await exists(buildah, fullName(images.go)))) await makeGo(buildah, images, options);
};
