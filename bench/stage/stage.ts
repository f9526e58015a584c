import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCommandRunner, type CommandRunner } from '../../src/kernel/command.ts';
import { findBinaries } from '../../src/lab/apiserver/binaries.ts';
import { type ApiServer, startApiServer } from '../../src/lab/apiserver/start.ts';
import { FABRIC_ADDRESS, nodeAddress } from '../../src/lab/fabric.ts';
import { createLab, type Lab } from '../../src/lab/lab.ts';
import type { PodSpec } from '../../src/lab/pod.ts';
import { onNode } from '../../src/lab/node.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { createProber, type Prober } from '../../test/support/lab/prober.ts';
import type { AgentPlace } from '../agent/agent-spec.ts';
import { LOCAL_RANGE } from '../state/addresses.ts';
import { OWN_NODE } from '../state/cluster.ts';
import { loadCluster } from '../state/load.ts';
import type { Size } from '../state/size.ts';
import { ARRIVAL_WAITS_AT, CAST, castObjects, NODE_ADDRESS, SERVED_PORT, type Role } from './cast.ts';
import { removeFolder } from '../../test/support/clean-up.ts';

/** One node in a network namespace, a cluster of some size in a real API server, and the few pods with traffic. */
export interface Stage {
  readonly api: ApiServer;
  readonly lab: Lab;
  readonly prober: Prober;
  /** Runs commands in the node's network namespace. */
  readonly node: CommandRunner;
  /** The arguments of the node's agent; results of new pods are added to its folder of CNI results. */
  readonly place: AgentPlace;
  close(): Promise<void>;
}

/** Returns Calico's name for the node's end of a pod's link, for agents that rely on interface names. */
export const linkName = (namespace: string, pod: string): string =>
  `cali${createHash('sha1').update(`${namespace}.${pod}`).digest('hex').slice(0, 11)}`;

const localPod = ({ netns, namespace, name }: Role, ip: string): PodSpec => ({
  name: netns,
  node: OWN_NODE,
  ips: [ip],
  device: linkName(namespace, name),
});

/** Streams open a connection every millisecond: conntrack must forget them before their source ports are reused. */
const NODE_SYSCTLS = ['net.netfilter.nf_conntrack_udp_timeout=5', 'net.netfilter.nf_conntrack_udp_timeout_stream=5'];

export const openStage = async (size: Size, say: (line: string) => void): Promise<Stage> => {
  const runner = createCommandRunner();
  await prepareSandbox(runner);
  const lab = await createLab(runner, { families: ['ipv4'], attach: 'ptp', backend: 'nft' });
  await lab.addNode({ name: OWN_NODE, ips: [NODE_ADDRESS], podCidrs: [LOCAL_RANGE] });
  const node = createCommandRunner(onNode(OWN_NODE));
  await node.run('sysctl', ['-q', '-w', ...NODE_SYSCTLS]);
  const { server, client, newcomer, arrival } = CAST;
  await lab.addPods([localPod(server, server.ip), localPod(arrival, ARRIVAL_WAITS_AT)]);
  await lab.addExternals([client, newcomer].map(({ netns, ip }) => ({ name: netns, ips: [ip] })));

  const goModule = path.join(import.meta.dirname, '../../e2e/cluster/kubernetes');
  const binaries = await findBinaries({ env: process.env, goModule, say });
  const api = await startApiServer({ binaries, address: FABRIC_ADDRESS.ipv4 });
  const startedAt = performance.now();
  await loadCluster(api.admin, size, nodeAddress('ipv4', 1));
  for (const { object, status } of castObjects()) {
    await api.admin.create(object);
    if (status !== undefined) await api.admin.patchStatus(object, status);
  }
  say(`the cluster is there after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);

  const prober = await createProber();
  await prober.serve([
    { netns: server.netns, protocol: 'UDP', ip: server.ip, port: SERVED_PORT },
    { netns: arrival.netns, protocol: 'UDP', ip: '0.0.0.0', port: SERVED_PORT },
  ]);
  const cniResults = await mkdtemp(path.join(tmpdir(), 'bench-cni-'));
  return {
    api,
    lab,
    prober,
    node,
    place: { kubeconfig: api.kubeconfigPath, node: OWN_NODE, cniResults },
    async close() {
      await removeFolder(cniResults);
      await prober.close();
      await api.stop();
      await lab.close();
    },
  };
};
