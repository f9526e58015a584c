import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CommandRunner } from '../kernel/command.ts';

/** The file that is mounted over /etc/hosts inside the sandbox. */
const HOSTS_FILE = '/run/lab/hosts';

/** Addresses by name. */
export type HostNames = ReadonlyMap<string, readonly string[]>;

/** Returns hosts(5) text. */
export const hostsText = (names: HostNames): string => {
  const own = ['127.0.0.1 localhost', '::1 localhost'];
  const others = [...names].flatMap(([name, ips]) => ips.map((ip) => `${ip} ${name}`));
  return `${[...own, ...others].join('\n')}\n`;
};

/** Names that all programs in the sandbox resolve, in every network namespace. */
export interface HostsFile {
  set(names: HostNames): Promise<void>;
  /** Restores the machine's own file. */
  close(): Promise<void>;
}

/** Mounts a file over /etc/hosts, in the sandbox's mount namespace only. */
export const createHostsFile = async (runner: CommandRunner): Promise<HostsFile> => {
  await mkdir(dirname(HOSTS_FILE), { recursive: true });
  await writeFile(HOSTS_FILE, hostsText(new Map()));
  await runner.run('mount', ['--bind', HOSTS_FILE, '/etc/hosts']);
  // Written in place, because the mount shows the inode and not the name.
  return {
    set: (names) => writeFile(HOSTS_FILE, hostsText(names)),
    async close() {
      await runner.run('umount', ['/etc/hosts']);
    },
  };
};
