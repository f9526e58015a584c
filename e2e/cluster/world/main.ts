import { mkdir, readlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import path from 'node:path';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { startDaemon } from '../../../src/lab/apiserver/daemon.ts';
import { createIpBatch } from '../../../src/lab/batch.ts';
import { createSubgroups, removeGroups } from '../cgroups.ts';
import { startControlPlane } from '../control-plane/start.ts';
import { createCredentials } from '../control-plane/credentials.ts';
import { describeError } from '../describe-error.ts';
import { nodeFolder } from '../folder.ts';
import { keepRunning } from '../keep-running.ts';
import { forward } from './forward.ts';
import { createNetwork } from './network.ts';
import { planCluster, type NodePlan, API_PORT } from '../plan.ts';
import { startNode } from '../node/start.ts';
import type { NodeSpec } from '../node/spec.ts';
import type { WorldOrder, WorldReport } from './messages.ts';

/**
 * The cluster itself: started by `up` inside namespaces of its own, it makes the network, starts the control plane and the
 * nodes, and stays until it is killed, whereupon the kernel ends all of it.
 */

const report = (message: WorldReport): void => {
  if (process.connected) process.send?.(message);
};

const say = (line: string): void => {
  console.log(`${new Date().toISOString()} ${line}`);
  report({ kind: 'say', line });
};

const fail = (error: unknown): void => {
  const reason = describeError(error);
  console.error(reason);
  const report: WorldReport = { kind: 'failed', reason };
  if (process.send === undefined || !process.connected) process.exit(1);
  process.send(report, () => process.exit(1));
};

const runner = createCommandRunner();

const assertInside = async (outside: string): Promise<void> => {
  if ((await readlink('/proc/self/ns/net')) === outside)
    throw new Error('cluster: this program would change the machine’s own network; `up` starts it elsewhere');
};

const runCluster = async (order: WorldOrder, loopback: Server): Promise<void> => {
  await assertInside(order.outside);
  const { folder, settings } = order;
  const plan = planCluster(settings.families);
  for (const made of [folder.logs, folder.etcd, folder.nodes]) await mkdir(made, { recursive: true });
  await runner.run('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', '/run']);

  const [network, credentials] = await Promise.all([
    createNetwork(createIpBatch(runner), plan, settings),
    createCredentials(folder, plan, order.loopbackUrl),
  ]);
  say('network and certificates are there');

  /** Runs a node; when all its processes are gone, it boots anew, as a machine that was restarted. */
  const keepNode = async (node: NodePlan): Promise<void> => {
    const own = nodeFolder(folder, node.name);
    const spec: NodeSpec = {
      plan: node,
      cluster: plan,
      settings,
      disk: path.join(own, 'disk'),
      programs: order.programs,
      images: folder.images,
      credentials: {
        authority: credentials.authority,
        kubelet: credentials.kubelets.get(node.name) ?? '',
        proxy: credentials.proxy,
      },
    };
    await mkdir(spec.disk, { recursive: true });
    for (;;) {
      await network.plug(node);
      const groups = await createSubgroups(order.cgroups, node.name);
      const running = await startNode(spec, own, groups);
      await running.ended;
      say(`${node.name} went down; it starts again`);
      await removeGroups(groups);
    }
  };
  // A node that cannot be started again is a broken cluster: better none.
  for (const node of plan.nodes) {
    keepNode(node).catch(fail);
  }

  forward(loopback, plan.apiAddresses[0] ?? '', API_PORT);
  const controlPlane = await startControlPlane({
    folder,
    plan,
    credentials,
    program: (name) => (name === 'etcd' ? name : path.join(order.programs, name)),
    start: (name, file, args) => startDaemon(name, file, args, path.join(folder.logs, `${name}.log`)),
    runner,
    say,
  });
  process.off('disconnect', onOrphaned);
  report({ kind: 'ready' });
  await Promise.all(controlPlane.map(({ daemon, startAgain }) => keepRunning(startAgain, say, daemon)));
};

/** Nobody waits any more for a cluster that is not ready; later the end of `up` is what was meant to happen. */
const onOrphaned = (): void => {
  fail(new Error('the program that started this cluster is gone'));
};

process.once('disconnect', onOrphaned);
process.once('message', (order: WorldOrder, loopback: Server) => {
  runCluster(order, loopback).catch(fail);
});
