import { readFile } from 'node:fs/promises';

interface Switch {
  readonly file: string;
  /** The value that forbids sandboxes. */
  readonly forbids: string;
  readonly meaning: string;
}

/** Kernel settings that keep ordinary users from creating user namespaces (user_namespaces(7)). */
const SWITCHES: readonly Switch[] = [
  {
    file: '/proc/sys/user/max_user_namespaces',
    forbids: '0',
    meaning: 'user namespaces are switched off: sysctl -w user.max_user_namespaces=15000',
  },
  {
    file: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: '0',
    meaning: 'only root may make user namespaces: sysctl -w kernel.unprivileged_userns_clone=1, or run as root',
  },
  {
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    meaning:
      'AppArmor keeps ordinary users from user namespaces (Ubuntu 23.10 and later): ' +
      'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root',
  },
];

const content = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

/** Explains why unshare(1) failed, and what to do. `stderr` is its output. */
export const sandboxObstacle = async (stderr: string): Promise<string> => {
  if (/mount \/?proc/.test(stderr))
    return 'a fresh /proc may not be mounted here, as in a container that masks parts of it: run outside the container';
  for (const { file, forbids, meaning } of SWITCHES) {
    if ((await content(file)) === forbids) return meaning;
  }
  return stderr.trim() || 'unshare(1) of util-linux is not installed';
};
