import { once } from 'node:events';
import { mkdir, readlink } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { createGroups } from './cgroups.ts';
import { down } from './down.ts';
import type { ClusterFolder } from './folder.ts';
import { writeImageArchive } from './images/archive.ts';
import { imageCatalog } from './images/catalog.ts';
import { interruptible } from './interrupt.ts';
import { findClusterPrograms, type Programs } from './programs.ts';
import { readRecord, writeRecord } from './record.ts';
import { assertRequirements } from './requirements.ts';
import type { ClusterSettings } from './settings.ts';
import { launchWorld } from './world/launch.ts';

const writeImages = async (folder: ClusterFolder, programs: Programs): Promise<void> => {
  const runner = createCommandRunner();
  await mkdir(folder.images, { recursive: true });
  for (const [name, spec] of await imageCatalog(runner, programs)) {
    await writeImageArchive(runner, spec, path.join(folder.images, name));
  }
};

const listenOnLoopback = async (): Promise<Server> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const start = async (
  folder: ClusterFolder,
  settings: ClusterSettings,
  programs: Programs,
  say: (line: string) => void,
): Promise<void> => {
  const cgroups = await createGroups(path.basename(folder.root));
  await writeRecord(folder, { settings, cgroups });
  await writeImages(folder, programs);
  say('images are packed');
  const loopback = await listenOnLoopback();
  const order = {
    folder,
    settings,
    cgroups,
    programs: path.dirname(programs.path('kubelet')),
    outside: await readlink('/proc/self/ns/net'),
    loopbackUrl: `https://127.0.0.1:${String((loopback.address() as AddressInfo).port)}`,
  };
  const world = await launchWorld(order, loopback, say);
  await writeRecord(folder, { settings, cgroups, world: world.identity });
  await world.ready;
  world.release();
};

/**
 * Starts a cluster, and returns when all its nodes are ready and names resolve. Removes it again if that fails or is
 * interrupted.
 *
 * @throws Error if one is up already, something is missing on this machine, or a program of the cluster failed
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
    await interruptible(() => start(folder, settings, programs, say));
  } catch (error) {
    await down(folder, say);
    throw error;
  }
};
