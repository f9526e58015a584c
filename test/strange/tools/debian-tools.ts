import { access, chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createCommandRunner } from '../../../src/kernel/command.ts';

/** Releases of Debian whose iptables and ipset stand for older and newer ones than the machine's. */
export const RELEASES = ['bullseye', 'trixie'] as const;
export type Release = (typeof RELEASES)[number];

/** Programs of a release, beside the machine's own. */
export interface DebianTools {
  /** Folder with iptables, ip6tables (of both backends) and ipset. */
  readonly bin: string;
}

const PACKAGES: Readonly<Record<Release, readonly string[]>> = {
  bullseye: ['libipset13'],
  // Its programs need a libc that is newer than that of older machines.
  trixie: ['libipset13t64', 'libc6'],
};
const COMMON = [
  'ipset',
  'iptables',
  'libxtables12',
  'libip4tc2',
  'libip6tc2',
  'libnftnl11',
  'libmnl0',
  'libnfnetlink0',
  'libnetfilter-conntrack3',
];

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const APT_MS = 300_000;

const PROGRAMS = ['iptables', 'ip6tables'].flatMap((tool) =>
  ['nft', 'legacy'].flatMap((backend) => ['', '-save', '-restore'].map((what) => `${tool}-${backend}${what}`)),
);

/** Runs a program of the release by its own libraries, under the name that it is to see. */
const wrapper = (release: Release, root: string, libraries: string, name: string): string => {
  const file =
    name === 'ipset'
      ? `${root}/usr/sbin/ipset`
      : `${root}/usr/sbin/xtables-${name.includes('-nft') ? 'nft' : 'legacy'}-multi`;
  const extensions = `export XTABLES_LIBDIR='${libraries}/xtables'`;
  if (release === 'trixie') {
    const start = `exec '${libraries}/ld-linux-x86-64.so.2' --argv0 '${name}' --library-path '${libraries}' '${file}' "$@"`;
    return ['#!/bin/sh', extensions, start, ''].join('\n');
  }
  const start = `exec '${root}/by-name/${name}' "$@"`;
  return ['#!/bin/sh', extensions, `export LD_LIBRARY_PATH='${libraries}'`, start, ''].join('\n');
};

const unpack = async (release: Release, folder: string): Promise<void> => {
  const runner = createCommandRunner();
  const apt = path.join(folder, 'apt');
  for (const each of ['lists/partial', 'cache/archives/partial', 'parts', 'debs']) {
    await mkdir(path.join(apt, each), { recursive: true });
  }
  await writeFile(path.join(apt, 'status'), '');
  const source = `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${release} main\n`;
  await writeFile(path.join(apt, 'sources.list'), source);
  // Of its own, so that nothing of the machine's apt is touched.
  const options = [
    `Dir::Etc::sourcelist=${apt}/sources.list`,
    `Dir::Etc::sourceparts=${apt}/parts`,
    `Dir::State::lists=${apt}/lists`,
    `Dir::State::status=${apt}/status`,
    `Dir::Cache=${apt}/cache`,
    'Acquire::Languages=none',
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  await runner.run('apt-get', [...options, '-qq', 'update'], { timeoutMs: APT_MS });
  const names = [...COMMON, ...PACKAGES[release]].join(' ');
  const download = `cd '${apt}/debs' && apt-get "$@" -qq download ${names}`;
  await runner.run('sh', ['-c', download, 'sh', ...options], { timeoutMs: APT_MS });
  const root = path.join(folder, 'root');
  for (const each of await readdir(path.join(apt, 'debs'))) {
    await runner.run('dpkg-deb', ['-x', path.join(apt, 'debs', each), root]);
  }
  await rm(apt, { recursive: true });
};

const writeWrappers = async (release: Release, folder: string, final: string): Promise<void> => {
  const root = path.join(folder, 'root');
  const [libraries] = (await readdir(path.join(root, 'usr/lib'))).filter((each) => each.includes('linux-gnu'));
  if (libraries === undefined) throw new Error(`the packages of ${release} have no libraries`);
  await mkdir(path.join(folder, 'bin'));
  await mkdir(path.join(root, 'by-name'));
  for (const name of [...PROGRAMS, 'ipset']) {
    const multi = name === 'ipset' ? name : `xtables-${name.includes('-nft') ? 'nft' : 'legacy'}-multi`;
    await createCommandRunner().run('ln', ['-s', `../usr/sbin/${multi}`, path.join(root, 'by-name', name)]);
    const file = path.join(folder, 'bin', name);
    await writeFile(file, wrapper(release, `${final}/root`, `${final}/root/usr/lib/${libraries}`, name));
    await chmod(file, 0o755);
  }
};

const folderOf = (cache: string, release: Release): string => path.join(cache, release);

const isComplete = (folder: string): Promise<boolean> =>
  access(path.join(folder, 'complete')).then(
    () => true,
    () => false,
  );

/**
 * Fetches the tools of a release by apt into the cache, once. It needs apt, Debian's keyring and the network.
 * @throws CommandError where that fails
 */
export const fetchDebianTools = async (cache: string, release: Release): Promise<void> => {
  const final = folderOf(cache, release);
  if (await isComplete(final)) return;
  const draft = `${final}.new`;
  for (const each of [draft, final]) await rm(each, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  await unpack(release, draft);
  await writeWrappers(release, draft, final);
  await writeFile(path.join(draft, 'complete'), '');
  await rename(draft, final);
};

/** @returns the tools of a release, if they were fetched */
export const debianToolsIn = async (cache: string, release: Release): Promise<DebianTools | undefined> => {
  const folder = folderOf(cache, release);
  return (await isComplete(folder)) ? { bin: path.join(folder, 'bin') } : undefined;
};
