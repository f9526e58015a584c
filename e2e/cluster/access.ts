import { readFile } from 'node:fs/promises';
import { type ClusterFolder, nodeFolder } from './folder.ts';
import { pidFile } from './node/start.ts';
import { firstChild, isAlive } from './process-identity.ts';
import { type ClusterRecord, readRecord } from './record.ts';

/** Returns the record of a running cluster. @throws Error if there is none */
export const runningCluster = async (folder: ClusterFolder): Promise<Required<ClusterRecord>> => {
  const record = await readRecord(folder);
  const world = record?.world;
  if (record === undefined || world === undefined || !(await isAlive(world)))
    throw new Error('no cluster is up: npm run cluster -- up');
  return { ...record, world };
};

const enter = (pid: number, namespaces: readonly string[]): readonly string[] => [
  'nsenter',
  `--target=${String(pid)}`,
  ...namespaces.map((name) => `--${name}`),
  '--',
];

/** Returns a command prefix to run beside the API server, where nodes, pods and NodePorts are reached from outside. */
export const fabricPrefix = async (folder: ClusterFolder): Promise<readonly string[]> => {
  const { world } = await runningCluster(folder);
  return enter(await firstChild(world.pid), ['net', 'mount', 'pid']);
};

/** Returns a command prefix to run on a node, as in a shell there. @throws Error for an unknown node */
export const nodePrefix = async (folder: ClusterFolder, node: string): Promise<readonly string[]> => {
  const { world } = await runningCluster(folder);
  const first = await firstChild(world.pid);
  const text = await readFile(pidFile(nodeFolder(folder, node)), 'utf8').catch((cause: unknown) => {
    throw new Error(`there is no node ${node}`, { cause });
  });
  // The node's process number is the cluster's own, as its proc shows it.
  const init = await firstChild(Number(text), `/proc/${String(first)}/root/proc`);
  return [...enter(first, ['mount', 'pid']), ...enter(init, ['mount', 'pid', 'net', 'uts', 'ipc', 'cgroup'])];
};
