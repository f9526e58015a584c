import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from './error-code.ts';

/** A hierarchy of control groups (version 1), and this process's place in it. */
export interface Hierarchy {
  /** In mount(8)'s format: `cpu,cpuacct`, or `name=systemd` for a hierarchy without controllers. */
  readonly controllers: string;
  /** From the hierarchy's root. */
  readonly path: string;
}

const CGROUP_ROOT = '/sys/fs/cgroup';

/** Returns the name that distributions give to the folder of a hierarchy's mount. */
export const hierarchyName = ({ controllers }: Hierarchy): string => controllers.replace(/^name=/, '');

/** Returns the hierarchies of version 1 from the text of /proc/PID/cgroup (cgroups(7)). */
export const parseHierarchies = (text: string): readonly Hierarchy[] =>
  text.split('\n').flatMap((line) => {
    const [, id, controllers, at] = /^(\d+):([^:]+):(.*)$/.exec(line) ?? [];
    return id === undefined || controllers === undefined || at === undefined ? [] : [{ controllers, path: at }];
  });

/** @throws Error on a machine without version 1 */
export const ownHierarchies = async (): Promise<readonly Hierarchy[]> => {
  const hierarchies = parseHierarchies(await readFile('/proc/self/cgroup', 'utf8'));
  if (!hierarchies.some(({ controllers }) => controllers.split(',').includes('memory')))
    throw new Error('this cluster needs control groups of version 1; on other machines use kind (npm run kind)');
  return hierarchies;
};

const inherit = async (group: string, file: string): Promise<void> => {
  await writeFile(path.join(group, file), await readFile(path.join(group, '..', file), 'utf8'));
};

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Makes a group. A cpuset can only have processes once it has processors and memory nodes, which it does not inherit. */
const makeGroup = async (group: string): Promise<void> => {
  await mkdir(group, { recursive: true });
  if (!(await exists(path.join(group, 'cpuset.cpus')))) return;
  await inherit(group, 'cpuset.cpus');
  await inherit(group, 'cpuset.mems');
};

/**
 * Makes the group `name` in each hierarchy, below this process's own so that its limits still apply. @returns their
 * folders
 */
export const createGroups = async (name: string): Promise<readonly string[]> => {
  const hierarchies = await ownHierarchies();
  const groups = hierarchies.map((each) => path.join(CGROUP_ROOT, hierarchyName(each), each.path, name));
  for (const group of groups) await makeGroup(group);
  return groups;
};

/** Makes the group `name` inside each of `parents`. @returns their folders */
export const createSubgroups = async (parents: readonly string[], name: string): Promise<readonly string[]> => {
  const groups = parents.map((parent) => path.join(parent, name));
  for (const group of groups) await makeGroup(group);
  return groups;
};

const REMOVE_MS = 10_000;
const POLL_MS = 50;

/** Removes a group, which is busy until the last of its killed processes is gone. */
const removeOne = async (group: string): Promise<void> => {
  const deadline = performance.now() + REMOVE_MS;
  for (;;) {
    try {
      await rmdir(group);
      return;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return;
      if (!hasCode(error, 'EBUSY') || performance.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
};

/** Removes groups and everything below them. Their processes must be dead or dying. */
export const removeGroups = async (groups: readonly string[]): Promise<void> => {
  for (const group of groups) {
    const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
    const inner = entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(group, entry.name));
    await removeGroups(inner);
    await removeOne(group);
  }
};
