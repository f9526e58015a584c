import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { createCommandRunner } from '../src/kernel/command.ts';
import { fillTemplate } from './krew/fill-template.ts';

/** `npm run krew`: see its --help. */

const { uri, homepage, out } = new Command('npm run krew --')
  .description("Packs kubectl's plugin for this platform into an archive, and writes its manifest for Krew.")
  .requiredOption('--uri <PREFIX>', 'where the archive will be: its name is appended')
  .requiredOption('--homepage <URL>', "the project's page")
  .option('--out <DIR>', 'where both are written', 'dist.krew')
  .parse()
  .opts<{ uri: string; homepage: string; out: string }>();

const root = path.join(import.meta.dirname, '..');
/** Names of architectures as Go has them. */
const ARCHES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const arch = ARCHES[process.arch] ?? process.arch;

/** The parts of a checkout that bin/portcullis needs, each at its place. */
const FILES = ['LICENSE', 'package.json', 'bin/portcullis', 'bin/kubectl_complete-portcullis', 'dist'];
const NODE = 'node_modules/node/bin/node';

const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-krew-'));
try {
  for (const file of FILES) {
    await cp(path.join(root, file), path.join(folder, file), {
      recursive: true,
      // Neither the agent's start-up snapshot nor caches are of use to the plugin.
      filter: (source) => !/(?:agent\.blob|\.map|\.cache)$/.test(source),
    });
  }
  await cp(path.join(root, NODE), path.join(folder, NODE), { dereference: true });
  await symlink('portcullis', path.join(folder, 'bin/kubectl-portcullis'));
  await mkdir(out, { recursive: true });
  const name = `kubectl-portcullis-${packageJson.version}-${process.platform}-${arch}.tar.gz`;
  const archive = path.join(out, name);
  await createCommandRunner().run('tar', ['-czf', path.resolve(archive), '-C', folder, '.'], { timeoutMs: 300_000 });
  const sha256 = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex');
  const template = await readFile(path.join(root, 'krew/portcullis.template.yaml'), 'utf8');
  const manifest = fillTemplate(template, {
    VERSION: packageJson.version,
    HOMEPAGE: homepage,
    OS: process.platform,
    ARCH: arch,
    URI: `${uri}${name}`,
    SHA256: sha256,
  });
  await writeFile(path.join(out, 'portcullis.yaml'), manifest);
  console.log(`${archive}\n${path.join(out, 'portcullis.yaml')}`);
} finally {
  await rm(folder, { recursive: true });
}
