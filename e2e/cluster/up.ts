import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readlink } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { createGroups } from './cgroups.ts';
import { down } from './down.ts';
import type { ClusterFolder } from './folder.ts';
import { imageCatalog } from './images/catalog.ts';
import { writeImageArchive } from './images/archive.ts';
import { identify } from './process-identity.ts';
import { findClusterPrograms, type Programs } from './programs.ts';
import { readRecord, writeRecord } from './record.ts';
import { assertRequirements } from './requirements.ts';
import type { ClusterSettings } from './settings.ts';
import type { WorldOrder, WorldReport } from './world/messages.ts';

const OWN_WORLD = ['--net', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc'];

const runner = createCommandRunner();

const writeImages = async (folder: ClusterFolder, programs: Programs): Promise<void> => {
  await mkdir(folder.images, { recursive: true });
  for (const [name, spec] of await imageCatalog(runner, programs)) {
    await writeImageArchive(runner, spec, path.join(folder.images, name));
  }
};

/** Starts the process that becomes the cluster. It has its own session, so no terminal ends it. */
const spawnWorld = (folder: ClusterFolder): ChildProcess => {
  const log = openSync(path.join(folder.root, 'world.log'), 'a');
  const first = ['tini', '-s', '--', process.execPath, fileURLToPath(new URL('world/main.ts', import.meta.url))];
  const child = spawn('unshare', [...OWN_WORLD, '--', ...first], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  return child;
};

const listenOnLoopback = async (): Promise<Server> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

/** Settles when the cluster is ready. @throws Error with the reason when it failed */
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
 * Brings a cluster up, and returns when all its nodes are ready. What was made is taken down again when that fails.
 *
 * @throws Error when one is up already, something is missing on this machine, or a program of the cluster failed
 */
export const up = async (
  folder: ClusterFolder,
  settings: ClusterSettings,
  say: (line: string) => void,
): Promise<void> => {
  await assertRequirements();
  if ((await readRecord(folder)) !== undefined)
    throw new Error(`a cluster is up already in ${folder.root} (or was left there): npm run cluster -- down`);
  const programs = await findClusterPrograms(say);
  await mkdir(folder.root, { recursive: true, mode: 0o711 });
  try {
    const cgroups = await createGroups(path.basename(folder.root));
    await writeRecord(folder, { settings, cgroups });
    await writeImages(folder, programs);
    say('images are packed');
    const loopback = await listenOnLoopback();
    const order: WorldOrder = {
      folder,
      settings,
      cgroups,
      programs: path.dirname(programs.path('kubelet')),
      outside: await readlink('/proc/self/ns/net'),
      loopbackUrl: `https://127.0.0.1:${String((loopback.address() as AddressInfo).port)}`,
    };
    const world = spawnWorld(folder);
    const ready = readiness(world, say);
    const identity = await identify(world.pid ?? 0);
    await writeRecord(folder, { settings, cgroups, ...(identity === undefined ? {} : { world: identity }) });
    await Promise.all([ready, giveOrder(world, order, loopback)]);
    world.disconnect();
    world.unref();
  } catch (error) {
    await down(folder, say);
    throw error;
  }
};
