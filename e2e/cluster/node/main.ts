import path from 'node:path';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { type Daemon, startDaemon } from '../../../src/lab/apiserver/daemon.ts';
import { ownHierarchies } from '../cgroups.ts';
import { keepRunning } from '../keep-running.ts';
import { until } from '../until.ts';
import { writeDisk } from './disk.ts';
import { importImages } from './import-images.ts';
import { kubeletArgs } from './kubelet.ts';
import { enterRoot } from './mounts.ts';
import { NODE_PATHS, type NodeSpec } from './spec.ts';

/**
 * `node main.ts SPEC`: the first program of a node, started inside the node's namespaces and control groups; SPEC is a
 * NodeSpec in JSON. It sets up the node like an installer and an init system, and keeps its daemons running.
 */

const spec = JSON.parse(process.argv[2] ?? '') as NodeSpec;
const runner = createCommandRunner();

const say = (line: string): void => {
  console.log(`${new Date().toISOString()} ${line}`);
};

const start = (name: string, file: string, args: readonly string[]): Daemon => {
  say(`starting ${name}`);
  return startDaemon(name, file, args, path.join(NODE_PATHS.logs, `${name}.log`));
};

const program = (name: string): string => path.join(NODE_PATHS.programs, name);

const CONTAINERD_MS = 60_000;

const containerdAnswers = async (): Promise<boolean> => {
  await runner.run('ctr', [`--address=${NODE_PATHS.containerdSocket}`, 'version']);
  return true;
};

await writeDisk(spec);
await enterRoot(runner, spec, await ownHierarchies());
await runner.run('hostname', [spec.plan.name]);

const running = [
  keepRunning(() => start('containerd', 'containerd', [`--config=${NODE_PATHS.containerdConfig}`]), say),
  keepRunning(() => start('kube-proxy', program('kube-proxy'), [`--config=${NODE_PATHS.proxyConfig}`]), say),
];
await until('containerd answers', CONTAINERD_MS, containerdAnswers);
await importImages(runner);
say('images are there');
running.push(keepRunning(() => start('kubelet', program('kubelet'), kubeletArgs(spec)), say));
await Promise.all(running);
