import { mkdir, readlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import path from 'node:path';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { startDaemon } from '../../../src/lab/apiserver/daemon.ts';
import { createIpBatch } from '../../../src/lab/batch.ts';
import { createCredentials } from '../control-plane/credentials.ts';
import { startControlPlane } from '../control-plane/start.ts';
import { keepRunning } from '../keep-running.ts';
import { API_PORT, planCluster } from '../plan.ts';
import { forward } from './forward.ts';
import { keepNode } from './keep-node.ts';
import type { WorldOrder } from './messages.ts';
import { createNetwork } from './network.ts';

export interface Progress {
  readonly say: (line: string) => void;
  readonly ready: () => void;
}

const assertInside = async (outside: string): Promise<void> => {
  if ((await readlink('/proc/self/ns/net')) === outside)
    throw new Error('this program would change the machine’s own network; `up` starts it elsewhere');
};

/**
 * Makes the network, starts the control plane and the nodes in the current namespaces, and keeps them running.
 *
 * @param loopback a socket of the machine's loopback, where the API server must be reachable too
 * @throws Error if the cluster does not start, or does not keep running
 */
export const runCluster = async (order: WorldOrder, loopback: Server, { say, ready }: Progress): Promise<never> => {
  await assertInside(order.outside);
  const { folder, settings } = order;
  const runner = createCommandRunner();
  const plan = planCluster(settings.families);
  for (const made of [folder.logs, folder.etcd, folder.nodes]) await mkdir(made, { recursive: true });
  await runner.run('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', '/run']);
  const [network, credentials] = await Promise.all([
    createNetwork(createIpBatch(runner), plan, settings),
    createCredentials(folder, plan, order.loopbackUrl),
  ]);
  say('network and certificates are there');

  const nodes = plan.nodes.map((node) => keepNode(node, { order, plan, credentials, network, say }));
  forward(loopback, plan.apiAddresses[0] ?? '', API_PORT);
  const keepControlPlane = async (): Promise<never> => {
    const started = await startControlPlane({
      folder,
      plan,
      credentials,
      program: (name) => (name === 'etcd' ? name : path.join(order.programs, name)),
      start: (name, file, args) => startDaemon(name, file, args, path.join(folder.logs, `${name}.log`)),
      runner,
      say,
    });
    ready();
    return Promise.race(started.map(({ daemon, startAgain }) => keepRunning(startAgain, say, daemon)));
  };
  return Promise.race([...nodes, keepControlPlane()]);
};
