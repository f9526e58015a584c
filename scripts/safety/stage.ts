import { cp, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { iptablesProgram } from '../../src/kernel/iptables.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import { createLab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import type { IptablesBackend } from '../../src/lab/settings.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { createProber, type Prober } from '../../test/support/lab/prober.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { removeFolder } from '../../test/support/clean-up.ts';

const ROOT = path.join(import.meta.dirname, '../..');
/** The cluster of the recorded layouts: the old release made its rules for this cluster's node. */
const CLUSTER = path.join(ROOT, 'test/kernel/layouts');
export const NODE = 'node1';
const LISTEN = `${nodeAddress('ipv4', 1)}:9577`;
const READY_MS = 60_000;

/** Streams open a connection every millisecond: conntrack must forget them before their source ports are reused. */
const NODE_SYSCTLS = ['net.netfilter.nf_conntrack_udp_timeout=5', 'net.netfilter.nf_conntrack_udp_timeout_stream=120'];

export const SERVER_PORT = 7000;

/** The pods with traffic: policy lets only the friend reach the server. */
export const PODS = { server: 10, friend: 11, foe: 12 } as const;
export type PodName = keyof typeof PODS;

export const addressOf = (pod: PodName, family: IpFamily): string =>
  family === 'ipv4' ? `10.244.1.${PODS[pod]}` : `fd00:10:244:1::${PODS[pod]}`;

/** One node in a network namespace, three pods of it, and an agent that follows a folder. */
export interface Stage {
  readonly prober: Prober;
  /** Runs commands on the node. */
  readonly node: CommandRunner;
  /** Replaces the server's policy. */
  writePolicy(text: string): Promise<void>;
  /** Starts an agent and waits until its rule set is in force. */
  startAgent(): Promise<RunningProcess>;
  /** Returns the newest value of a counter of the agent, summed over its labels; 0 if there is none yet. */
  counter(name: string): Promise<number>;
  /** Loads the rules and sets of an old release. */
  loadLayout(version: string): Promise<void>;
  /** Removes everything of ours. */
  cleanUp(): Promise<void>;
  close(): Promise<void>;
}

export const openStage = async (backend: IptablesBackend): Promise<Stage> => {
  const runner = createCommandRunner();
  await prepareSandbox(runner);
  const lab = await createLab(runner, { families: IP_FAMILIES, attach: 'ptp', backend });
  await lab.addNode({
    name: NODE,
    ips: IP_FAMILIES.map((family) => nodeAddress(family, 1)),
    podCidrs: ['10.244.1.0/24', 'fd00:10:244:1::/64'],
  });
  const names = Object.keys(PODS) as readonly PodName[];
  await lab.addPods(
    names.map((name) => ({ name, node: NODE, ips: IP_FAMILIES.map((family) => addressOf(name, family)) })),
  );
  const node = createCommandRunner(onNode(NODE));
  await node.run('sysctl', ['-q', '-w', ...NODE_SYSCTLS]);
  const prober = await createProber();
  await prober.serve(
    IP_FAMILIES.flatMap((family) =>
      (['TCP', 'UDP'] as const).flatMap((protocol) =>
        // The foe serves too: nothing isolates it, so its answers show how much the machine itself loses.
        (['server', 'foe'] as const).map((name) => ({
          netns: name,
          protocol,
          ip: addressOf(name, family),
          port: SERVER_PORT,
        })),
      ),
    ),
  );
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-safety-'));
  for (const file of ['cluster.yaml', 'policy.yaml']) await cp(path.join(CLUSTER, file), path.join(folder, file));

  const readLayout = async (file: string): Promise<string> => runner.run('cat', [path.join(CLUSTER, file)]);
  const agents: RunningProcess[] = [];

  return {
    prober,
    node,
    async writePolicy(text) {
      await writeFile(path.join(folder, '.policy.new'), text);
      await rename(path.join(folder, '.policy.new'), path.join(folder, 'policy.yaml'));
    },
    async startAgent() {
      const log: string[] = [];
      const [file, ...args] = [
        ...onNode(NODE),
        path.join(ROOT, 'bin/portcullis'),
        'agent',
        `--manifests=${folder}`,
        `--node-name=${NODE}`,
        `--listen=${LISTEN}`,
        `--iptables-backend=${backend}`,
        '--log-format=text',
      ] as const;
      const agent = await startProcess(file, args, { output: (line) => log.push(line) });
      agents.push(agent);
      const ready = (): Promise<string | undefined> =>
        fetch(`http://${LISTEN}/readyz`).then(
          (response) => (response.ok ? 'ready' : undefined),
          () => undefined,
        );
      await waitFor('the agent to be ready', READY_MS, ready, () => log.join('\n'));
      return agent;
    },
    async counter(name) {
      const text = await (await fetch(`http://${LISTEN}/metrics`)).text();
      const values = [...text.matchAll(new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'gm'))];
      return values.reduce((sum, [, value]) => sum + Number(value), 0);
    },
    async loadLayout(version) {
      await node.run('ipset', ['restore'], { input: await readLayout(`${version}/ipset.txt`) });
      for (const [family, file] of [
        ['ipv4', 'iptables.txt'],
        ['ipv6', 'ip6tables.txt'],
      ] as const) {
        const input = await readLayout(`${version}/${file}`);
        await node.run(iptablesProgram(family, backend, 'restore'), [], { input });
      }
    },
    async cleanUp() {
      await node.run(path.join(ROOT, 'bin/portcullis'), ['cleanup']);
    },
    async close() {
      for (const agent of agents) agent.signal('SIGKILL');
      await prober.close();
      await lab.close();
      await removeFolder(folder);
    },
  };
};
