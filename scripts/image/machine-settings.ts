import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';

/** This machine's access to Debian's archive and the npm registry, for use inside builds. */
export interface MachineSettings {
  /** The mirror of Debian's main archive. */
  readonly mirror: string;
  /** Volumes of each RUN. They cover paths that every Debian has, so that they leave nothing behind. */
  readonly mounts: readonly string[];
}

/** The Debian release of the Dockerfile's base image. */
export const SUITE = 'bookworm';
const DEFAULT_MIRROR = 'http://deb.debian.org/debian';
/** The official image's package sources. */
export const DEFAULT_SOURCES = [
  `deb ${DEFAULT_MIRROR} ${SUITE} main`,
  `deb ${DEFAULT_MIRROR} ${SUITE}-updates main`,
  `deb ${DEFAULT_MIRROR}-security ${SUITE}-security main`,
];

const { run } = createCommandRunner();

/** Returns apt's package indexes of this release, each as `deb URI RELEASE COMPONENT`. */
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

/** Returns apt's settings of proxies, certificates and clocks. */
const readAptOptions = async (): Promise<string> => {
  const options = await run('apt-config', ['dump', 'Acquire']);
  return options
    .split('\n')
    .filter((line) => /^Acquire::(?:https?|Check|Retries)/i.test(line) && !/cainfo/i.test(line))
    .join('\n');
};

/** Returns npm's settings, of the user or the whole machine; empty if the file does not exist. */
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
  // Certificates that this machine trusts beyond the usual ones; builds have none of their own.
  const certificates = await readFile(CERTIFICATES, 'utf8').catch(() => undefined);
  const insideCertificates = '/root/certificates.pem';
  if (certificates !== undefined) await writeFile(path.join(home, 'certificates.pem'), certificates);
  const npmrc = [await readNpmrc('globalconfig'), await readNpmrc('userconfig')]
    .join('\n')
    .replace(/^cafile *=.*$/gm, '');
  const cafile = certificates === undefined ? '' : `cafile=${insideCertificates}\n`;
  await writeFile(path.join(home, '.npmrc'), `${npmrc}\n${cafile}`, { mode: 0o600 });

  const sources = await readSources().catch((error: unknown) => {
    // Not a Debian, so there is no apt with settings.
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
