import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import { ROOT } from '../image/project.ts';
import { type DebianPackage, parseDpkgStatus } from './dpkg-status.ts';

/** The part of CycloneDX (version 1.5) that is changed here. */
interface Sbom {
  readonly metadata: { readonly component: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>;
  readonly components: readonly object[];
}

const { run } = createCommandRunner();

const STATUS = '*var/lib/dpkg/status';

/** Returns the newest dpkg database in a docker-archive: that of the last layer with one. */
const readDpkgStatus = async (archive: string): Promise<string> => {
  const manifest = await run('tar', ['-xOf', archive, 'manifest.json']);
  const [image] = JSON.parse(manifest) as readonly { readonly Layers: readonly string[] }[];
  const scratch = await mkdtemp(path.join(tmpdir(), 'portcullis-sbom-'));
  try {
    for (const layer of (image?.Layers ?? []).toReversed()) {
      await run('tar', ['-xf', archive, '-C', scratch, layer]);
      try {
        return await run('tar', ['--wildcards', '-xOf', path.join(scratch, layer), STATUS]);
      } catch (error) {
        // tar(1) exits with 2 if nothing matches.
        if (!(error instanceof CommandError) || error.exitCode !== 2) throw error;
      }
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  throw new Error(`${archive}: no layer holds a dpkg database`);
};

const debianComponent = ({ name, version, architecture }: DebianPackage): object => {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=debian-12`;
  return { 'bom-ref': purl, type: 'library', name, version, purl };
};

/** @returns npm's list of the production packages (including Node), with the Debian packages of the image */
export const imageSbom = async (archive: string): Promise<Sbom> => {
  const flags = ['--prefix', ROOT, '--omit=dev', '--sbom-format=cyclonedx', '--sbom-type=application'];
  const sbom = JSON.parse(await run('npm', ['sbom', ...flags])) as Sbom;
  const debian = parseDpkgStatus(await readDpkgStatus(archive)).map(debianComponent);
  // npm names the package after its folder.
  const component = { ...sbom.metadata.component, name: 'portcullis' };
  return { ...sbom, metadata: { ...sbom.metadata, component }, components: [...debian, ...sbom.components] };
};
