import { Agent } from 'node:https';
import type { ApiConnection } from '../../src/cluster/api/connection.ts';
import { post, put } from '../../src/cluster/api/write.ts';
import { NODE_CONDITION } from '../../src/cluster/cleanup-cluster.ts';
import { type LeaseContent, leaseName, leaseObject, leasesPath } from '../../src/cluster/lease/agent-lease.ts';
import { asObject, asText } from '../../src/cluster/raw.ts';
import { judgeLease } from '../../src/controller/judge-node.ts';

/** Requests at a time. The agents of a cluster renew at times of their own, so that few coincide. */
const AT_ONCE = 16;
/** A machine that is busy with other work may take long. */
const TIMEOUT_MS = 120_000;
const HOME = { namespace: 'kube-system', release: 'portcullis' };

const CONTENT: LeaseContent = {
  level: 'enforcing',
  since: '2026-11-30T10:00:00.000Z',
  reason: '',
  networkpolicies: '48190',
  pods: '48211',
  namespaces: '47002',
  faulty: [],
  version: '0.1.0',
};

interface SimulatedAgent {
  readonly node: string;
  readonly nodeUid: string | undefined;
  resourceVersion: string | undefined;
}

/** The traffic of one round, in which each agent renews its Lease once. */
export interface Round {
  readonly writes: number;
  /** Bytes of the bodies, of requests and answers. */
  readonly bytes: number;
}

/** Agents that do nothing but renew their Leases, each by a connection of its own, as an agent does after 10 s of silence. */
export interface SimulatedAgents {
  count(): number;
  /** Adds Nodes with their Leases until there are that many. */
  growTo(count: number): Promise<void>;
  /** Renews every Lease once. */
  renewAll(): Promise<Round>;
}

/** Calls `work` for each, up to AT_ONCE at a time. */
const forEach = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

/** A Node as the controller has left it: it needs no write, and gets none. */
const nodeOf = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/os': 'linux' } },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: NODE_CONDITION, ...judgeLease({ level: CONTENT.level, reason: '' }) },
    ],
  },
});

const metadataOf = (object: unknown): { readonly uid: string | undefined; readonly version: string | undefined } => {
  const { uid, resourceVersion } = asObject(asObject(object)['metadata']);
  return { uid: asText(uid), version: asText(resourceVersion) };
};

export const createSimulatedAgents = (connection: ApiConnection): SimulatedAgents => {
  const agents: SimulatedAgent[] = [];
  const acquiredAt = new Date().toISOString();
  const pool = new Agent({ keepAlive: false });
  const own: ApiConnection = {
    ...connection,
    options: async () => ({ ...(await connection.options()), agent: pool }),
  };

  const renew = async (agent: SimulatedAgent): Promise<number> => {
    const { node, nodeUid, resourceVersion } = agent;
    const body = leaseObject({
      home: HOME,
      node,
      nodeUid,
      content: CONTENT,
      acquiredAt,
      renewedAt: new Date().toISOString(),
      resourceVersion,
    });
    const path = leasesPath(HOME.namespace);
    const answer = await (resourceVersion === undefined
      ? post(own, { path, body, timeoutMs: TIMEOUT_MS })
      : put(own, { path: `${path}/${leaseName(HOME, node)}`, body, timeoutMs: TIMEOUT_MS }));
    agent.resourceVersion = metadataOf(answer).version;
    return Buffer.byteLength(JSON.stringify(body)) + Buffer.byteLength(JSON.stringify(answer));
  };

  return {
    count: () => agents.length,
    async growTo(count) {
      const names = Array.from({ length: count - agents.length }, (_, at) => `node-${agents.length + at + 1}`);
      await forEach(names, async (node) => {
        const { uid } = metadataOf(
          await post(connection, { path: '/api/v1/nodes', body: nodeOf(node), timeoutMs: TIMEOUT_MS }),
        );
        const agent: SimulatedAgent = { node, nodeUid: uid, resourceVersion: undefined };
        await renew(agent);
        agents.push(agent);
      });
    },
    async renewAll() {
      let bytes = 0;
      await forEach(agents, async (agent) => {
        const sent = await renew(agent);
        bytes += sent;
      });
      return { writes: agents.length, bytes };
    },
  };
};
