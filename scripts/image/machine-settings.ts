import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';

/** How this machine reaches Debian's archive and the npm registry, for use inside builds. */
export interface MachineSettings {
  /** The mirror for Debian's main archive. */
  readonly mirror: string;
  /** Volumes for the time of each RUN. They cover paths that every Debian has, so that they leave nothing behind. */
  readonly mounts: readonly string[];
}

/** The release of Debian that the Dockerfile's base image is. */
export const SUITE = 'bookworm';
const DEFAULT_MIRROR = 'http://deb.debian.org/debian';
/** Where the official image finds its packages. */
export const DEFAULT_SOURCES = [
  `deb ${DEFAULT_MIRROR} ${SUITE} main`,
  `deb ${DEFAULT_MIRROR} ${SUITE}-updates main`,
  `deb ${DEFAULT_MIRROR}-security ${SUITE}-security main`,
];

const { run } = createCommandRunner();

/** The package indexes of this release that apt knows of, each as `deb URI RELEASE COMPONENT`. */
const readSources = async (): Promise<readonly string[]> => {
  const format = '$(LABEL)\tdeb $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const indexes = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const ours = indexes
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([label = '', source = '']) => /^Debian(?:-Security)?$/.test(label) && source.includes(` ${SUITE}`))
    .map(([, source = '']) => source);
  return ours.some((source) => source.endsWith(` ${SUITE} main`)) ? [...new Set(ours)] : DEFAULT_SOURCES;
};

/** What apt was told of proxies, certificates and clocks. */
const readAptOptions = async (): Promise<string> => {
  const options = await run('apt-config', ['dump', 'Acquire']);
  return options
    .split('\n')
    .filter((line) => /^Acquire::(?:https?|Check|Retries)/i.test(line) && !/cainfo/i.test(line))
    .join('\n');
};

/** What npm was told, by the person or for the whole machine; empty where a file is not there. */
const readNpmrc = async (scope: 'globalconfig' | 'userconfig'): Promise<string> => {
  const file = (await run('npm', ['config', 'get', scope])).trim();
  return readFile(file, 'utf8').catch(() => '');
};

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Writes the settings below `folder`. @throws CommandError */
export const writeMachineSettings = async (folder: string): Promise<MachineSettings> => {
  const home = path.join(folder, 'root');
  const aptOptions = path.join(folder, 'apt.conf.d');
  const aptSources = path.join(folder, 'sources.list');
  await Promise.all([mkdir(home), mkdir(aptOptions)]);
  // Certificates that this machine trusts on top of the usual ones; the builds have none of their own.
  const certificates = await readFile(CERTIFICATES, 'utf8').catch(() => undefined);
  const insideCertificates = '/root/certificates.pem';
  if (certificates !== undefined) await writeFile(path.join(home, 'certificates.pem'), certificates);
  const npmrc = [await readNpmrc('globalconfig'), await readNpmrc('userconfig')]
    .join('\n')
    .replace(/^cafile *=.*$/gm, '');
  const cafile = certificates === undefined ? '' : `cafile=${insideCertificates}\n`;
  await writeFile(path.join(home, '.npmrc'), `${npmrc}\n${cafile}`, { mode: 0o600 });

  const sources = await readSources().catch((error: unknown) => {
    // Not a Debian: no apt, and so nothing that it was told.
    if (error instanceof CommandError) return DEFAULT_SOURCES;
    throw error;
  });
  await writeFile(aptSources, `${sources.join('\n')}\n`);
  const trust = certificates === undefined ? '' : `Acquire::https::CAInfo "${insideCertificates}";\n`;
  await writeFile(path.join(aptOptions, '99machine'), `${await readAptOptions().catch(() => '')}\n${trust}`);

  const main = sources.find((source) => source.endsWith(` ${SUITE} main`));
  return {
    mirror: main?.split(' ')[1] ?? DEFAULT_MIRROR,
    mounts: [`${home}:/root`, `${aptSources}:/etc/apt/sources.list:ro`, `${aptOptions}:/etc/apt/apt.conf.d:ro`],
  };
};
