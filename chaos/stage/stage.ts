import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { FABRIC_ADDRESS } from '../../src/lab/fabric.ts';
import type { IptablesBackend } from '../../src/lab/settings.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { startTestApiServer } from '../../test/support/apiserver/start-api-server.ts';
import { type ApiProxy, startApiProxy } from '../../test/support/faults/api-proxy.ts';
import { createToolShims, type ToolShims } from '../../test/support/faults/tool-shims.ts';
import { openLab } from '../../test/support/lab/open-lab.ts';
import { createProber, type Prober } from '../../test/support/lab/prober.ts';
import { withoutExtension } from '../../test/support/lab/without-extension.ts';
import { NODES } from '../world/addresses.ts';
import { type ChaosCluster, createChaosCluster } from '../world/write-changes.ts';
import { type AgentKeeper, createAgentKeeper } from './agent-keeper.ts';
import { addChaosNode, type ChaosNode } from './node.ts';
import { removeFolder } from '../../test/support/clean-up.ts';

/** One node with its agent, and what can fail for it. */
export interface Post {
  readonly node: ChaosNode;
  readonly agent: AgentKeeper;
  /** The proxy between the agent and the API server. */
  readonly proxy: ApiProxy;
  /** The wrappers between the agent and iptables and ipset. */
  readonly shims: ToolShims;
}

/** Two nodes with real agents, a real API server, and hand-made packets between them. */
export interface Stage {
  readonly backend: IptablesBackend;
  readonly api: ApiServer;
  readonly cluster: ChaosCluster;
  readonly prober: Prober;
  readonly posts: readonly Post[];
  close(): Promise<void>;
}

/** Interval of full comparisons: short, so that a run sees many repairs. */
const DRIFT_INTERVAL = '300ms';

/** Closes everything in reverse order; an error does not keep the rest from being closed. */
const closeAll = async (closers: readonly (() => Promise<unknown>)[]): Promise<void> => {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) await close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'the stage could not be taken down');
};

const build = async (backend: IptablesBackend, closers: (() => Promise<unknown>)[]): Promise<Stage> => {
  const lab = await openLab({ backend, attach: 'ptp', families: IP_FAMILIES });
  closers.push(() => lab.close());
  const nodes: ChaosNode[] = [];
  for (const spec of NODES) {
    closers.push(() => createCommandRunner().run('ip', ['netns', 'delete', `${spec.name}-far`]));
    nodes.push(await addChaosNode(lab, spec));
  }
  const prober = await createProber();
  closers.push(() => prober.close());
  for (const { wire } of nodes) await prober.wire(wire);
  const api = await startTestApiServer({ address: FABRIC_ADDRESS.ipv4 });
  closers.push(() => api.stop());
  const cluster = await createChaosCluster(api.admin);
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-chaos-'));
  closers.push(() => removeFolder(folder));
  // Rules of others with it cannot be printed by the agents' tools.
  const lacking = await withoutExtension('libxt_statistic.so', folder);
  const posts: Post[] = [];
  for (const node of nodes) {
    const proxy = await startApiProxy(() => connectByKubeconfig(api.kubeconfigPath), FABRIC_ADDRESS.ipv4);
    closers.push(() => proxy.close());
    const shims = await createToolShims();
    closers.push(() => shims.close());
    const kubeconfig = path.join(folder, node.spec.name);
    await writeFile(kubeconfig, proxy.kubeconfig);
    const settings = { kubeconfig, backend, driftInterval: DRIFT_INTERVAL, path: shims.path, prefix: lacking.prefix, injected: true };
    const agent = await createAgentKeeper(node, settings);
    closers.push(() => agent.end('SIGKILL'));
    posts.push({ node, agent, proxy, shims });
  }
  return { backend, api, cluster, prober, posts, close: () => closeAll(closers) };
};

/** @throws if anything fails to start, after closing what had started */
export const openStage = async (backend: IptablesBackend): Promise<Stage> => {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    return await build(backend, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
};
