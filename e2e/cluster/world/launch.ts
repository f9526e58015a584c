import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Server } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify, type ProcessIdentity } from '../process-identity.ts';
import type { WorldOrder, WorldReport } from './messages.ts';

/** The process that becomes the cluster. */
export interface LaunchedWorld {
  /** Its end, even by SIGKILL, ends everything in the cluster. */
  readonly identity: ProcessIdentity;
  /** Resolves when the cluster is ready. Rejects with the reason if it failed. */
  readonly ready: Promise<void>;
  /** Lets it outlive this process; until then it dies with us. */
  release(): void;
}

const OWN_WORLD = ['--net', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc'];

/** Starts the process with a session of its own, so that no terminal ends it. */
const spawnWorld = (logFile: string): ChildProcess => {
  const log = openSync(logFile, 'a');
  const first = ['tini', '-s', '--', process.execPath, fileURLToPath(new URL('main.ts', import.meta.url))];
  const child = spawn('unshare', [...OWN_WORLD, '--', ...first], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  return child;
};

const readiness = (world: ChildProcess, say: (line: string) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    world.on('message', (report: WorldReport) => {
      if (report.kind === 'say') say(report.line);
      else if (report.kind === 'ready') resolve();
      else reject(new Error(report.reason));
    });
    world.once('error', reject);
    world.once('exit', (code, signal) => {
      reject(new Error(`the cluster's first process ended (${String(signal ?? code)})`));
    });
  });

const giveOrder = (world: ChildProcess, order: WorldOrder, loopback: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    world.send(order, loopback, {}, (error) => {
      loopback.close();
      if (error === null) resolve();
      else reject(error);
    });
  });

/**
 * Starts the cluster in namespaces of its own.
 *
 * @param loopback a listening socket on this machine's loopback, through which the cluster serves its API
 * @throws Error if unshare(1) cannot be started
 */
export const launchWorld = async (
  order: WorldOrder,
  loopback: Server,
  say: (line: string) => void,
): Promise<LaunchedWorld> => {
  const world = spawnWorld(path.join(order.folder.root, 'world.log'));
  const ready = Promise.all([readiness(world, say), giveOrder(world, order, loopback)]);
  const identity = await identify(world.pid ?? 0);
  if (identity === undefined) {
    await ready;
    throw new Error('the cluster’s first process is gone');
  }
  return {
    identity,
    ready: ready.then(() => undefined),
    release() {
      world.disconnect();
      world.unref();
    },
  };
};
