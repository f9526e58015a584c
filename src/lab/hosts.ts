import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CommandRunner } from '../kernel/command.ts';

/** What /etc/hosts shows inside the sandbox. */
const HOSTS_FILE = '/run/lab/hosts';

/** Name → addresses. */
export type HostNames = ReadonlyMap<string, readonly string[]>;

/** hosts(5) text. */
export const hostsText = (names: HostNames): string => {
  const own = ['127.0.0.1 localhost', '::1 localhost'];
  const others = [...names].flatMap(([name, ips]) => ips.map((ip) => `${ip} ${name}`));
  return `${[...own, ...others].join('\n')}\n`;
};

/** Names that every program in the sandbox resolves, in any of its network namespaces. */
export interface HostsFile {
  set(names: HostNames): Promise<void>;
  /** Shows the machine's own file again. */
  close(): Promise<void>;
}

/** Puts a file of the lab's own over /etc/hosts, in the sandbox's mount namespace alone. */
export const createHostsFile = async (runner: CommandRunner): Promise<HostsFile> => {
  await mkdir(dirname(HOSTS_FILE), { recursive: true });
  await writeFile(HOSTS_FILE, hostsText(new Map()));
  await runner.run('mount', ['--bind', HOSTS_FILE, '/etc/hosts']);
  // Written in place: the mount shows the inode, not the name.
  return {
    set: (names) => writeFile(HOSTS_FILE, hostsText(names)),
    async close() {
      await runner.run('umount', ['/etc/hosts']);
    },
  };
};
