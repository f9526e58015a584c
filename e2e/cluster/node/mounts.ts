import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CommandRunner } from '../../../src/kernel/command.ts';
import { type Hierarchy, hierarchyName } from '../cgroups.ts';
import { NODE_PATHS, type NodeSpec } from './spec.ts';
import { SYSCTL_SHADOWS, shadowFile } from './sysctls.ts';

/** One call of mount(8). */
interface Mount {
  readonly args: readonly string[];
  /** Path inside the node. */
  readonly at: string;
  /** What to create first at that path, on a file system that was mounted before. */
  readonly make?: 'folder' | 'file';
}

const readOnlyBind = (from: string, at: string): Mount => ({ args: ['--bind', '-o', 'ro', from], at });

const fresh = (type: string, at: string, options: string, make?: 'folder'): Mount => ({
  args: ['-t', type, '-o', options, type],
  at,
  ...(make === undefined ? {} : { make }),
});

/** Device files for containers and node programs, without disks. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'kmsg'];

const deviceMounts: readonly Mount[] = [
  fresh('tmpfs', '/dev', 'mode=0755,nosuid'),
  ...DEVICES.map((name): Mount => ({ args: ['--bind', `/dev/${name}`], at: `/dev/${name}`, make: 'file' })),
  fresh('devpts', '/dev/pts', 'newinstance,ptmxmode=0666,mode=0620', 'folder'),
  { args: ['--bind', '/dev/ptmx'], at: '/dev/ptmx', make: 'file' },
  fresh('tmpfs', '/dev/shm', 'mode=1777,nosuid,nodev', 'folder'),
];

/** Mounts the hierarchies. In a control group namespace each one shows the node's own group as its root. */
const cgroupMounts = (hierarchies: readonly Hierarchy[]): readonly Mount[] => [
  fresh('tmpfs', '/sys/fs/cgroup', 'mode=0755'),
  ...hierarchies.map((hierarchy) =>
    fresh(
      'cgroup',
      `/sys/fs/cgroup/${hierarchyName(hierarchy)}`,
      hierarchy.controllers.startsWith('name=') ? `none,${hierarchy.controllers}` : hierarchy.controllers,
      'folder',
    ),
  ),
];

/** Returns all mounts of a node, in order. */
const nodeMounts = (spec: NodeSpec, hierarchies: readonly Hierarchy[]): readonly Mount[] => [
  readOnlyBind('/usr', '/usr'),
  readOnlyBind('/etc/alternatives', '/etc/alternatives'),
  readOnlyBind(spec.programs, NODE_PATHS.programs),
  readOnlyBind(spec.images, NODE_PATHS.images),
  fresh('proc', '/proc', 'nosuid,nodev,noexec'),
  ...SYSCTL_SHADOWS.map(
    ({ key }): Mount => ({ args: ['--bind', path.join(spec.disk, shadowFile(key))], at: `/proc/sys/${key}` }),
  ),
  fresh('sysfs', '/sys', 'nosuid,nodev,noexec'),
  ...cgroupMounts(hierarchies),
  ...deviceMounts,
  fresh('tmpfs', '/run', 'mode=0755,nosuid,nodev'),
  fresh('tmpfs', '/tmp', 'mode=1777,nosuid,nodev'),
];

const makePoint = async (point: string, make: Mount['make']): Promise<void> => {
  if (make === 'folder') await mkdir(point, { recursive: true });
  if (make === 'file') await writeFile(point, '');
};

/**
 * Makes the node's disk the root of this mount namespace, which must be the node's own, with all mounts that a node's
 * programs expect. Of the machine's own root only what is mounted read-only stays reachable.
 */
export const enterRoot = async (
  runner: CommandRunner,
  spec: NodeSpec,
  hierarchies: readonly Hierarchy[],
): Promise<void> => {
  await runner.run('mount', ['--bind', spec.disk, spec.disk]);
  for (const { args, at, make } of nodeMounts(spec, hierarchies)) {
    const point = path.join(spec.disk, at);
    await makePoint(point, make);
    await runner.run('mount', [...args, point]);
  }
  const before = path.join(spec.disk, '.before');
  await mkdir(before, { recursive: true });
  await runner.run('pivot_root', [spec.disk, before]);
  process.chdir('/');
  await runner.run('umount', ['--lazy', '/.before']);
  // Mounts of a volume must appear in running containers (mount propagation of the kubelet).
  await runner.run('mount', ['--make-rshared', '/']);
};
