import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { netnsPath } from '../../../src/lab/batch.ts';
import type { NodeSpec } from './spec.ts';

/** A running node. */
export interface RunningNode {
  /** Resolves when all its processes are gone. */
  readonly ended: Promise<void>;
}

const OWN_WORLD = ['--mount', '--pid', '--ipc', '--uts', '--cgroup', '--fork', '--kill-child', '--mount-proc'];

const siblingFile = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Returns the file with the process whose death ends the node, numbered in the cluster's process namespace. */
export const pidFile = (nodeFolder: string): string => path.join(nodeFolder, 'pid');

/**
 * Starts a node in the network namespace of its name, and in control groups and other namespaces of its own. It dies with us.
 *
 * @param folder the folder of the node's disk, its log and its process number
 */
export const startNode = async (spec: NodeSpec, folder: string, cgroups: readonly string[]): Promise<RunningNode> => {
  const log = openSync(path.join(folder, 'node.log'), 'a');
  const inGroups = ['/bin/sh', siblingFile('../join-cgroups.sh'), ...cgroups, '--'];
  const inNamespaces = ['nsenter', `--net=${netnsPath(spec.plan.name)}`, '--', 'unshare', ...OWN_WORLD, '--'];
  const first = ['tini', '-s', '--', process.execPath, siblingFile('main.ts'), JSON.stringify(spec)];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...inGroups, ...inNamespaces, ...first], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      resolve();
    });
  });
  await writeFile(pidFile(folder), `${String(child.pid)}\n`);
  return { ended };
};
