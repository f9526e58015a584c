import { type AgentView, describeAgent } from '../../src/agent/describe-agent.ts';
import { createPassMemory } from '../../src/agent/pass-memory.ts';
import type { StatusReport } from '../../src/agent/status-report.ts';
import { type PolicyKey, policyKey } from '../../src/model/policy-object.ts';
import type { SyncResult } from '../../src/reconcile/sync-result.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const AT = Date.parse('2026-11-30T10:00:00.000Z');
const NOW = 60_000;

const clock = {
  now: () => NOW,
  wall: () => new Date(AT + NOW).toISOString(),
  after: () => () => undefined,
};

const KEY: PolicyKey = policyKey('shop', 'web');

const heard = (resourceVersion: string, lastHeardAt: number | undefined, trouble?: string) => ({
  synced: lastHeardAt !== undefined,
  resourceVersion,
  lastHeardAt,
  trouble,
  restarts: 0,
  errors: {},
});

const passes = createPassMemory(clock.wall);
passes.note(
  {
    drift: 1,
    tampering: [{ kind: 'jump_missing', family: 'ipv4', name: 'FORWARD' }],
    faults: [{ policy: KEY, field: ['spec', 'ingress', 0], message: 'is no rule' }],
    isolatedPods: { ingress: 2, egress: 1 },
    program: undefined,
  } as unknown as SyncResult,
  ['iptables'],
);

/** A node with everything that a report can tell, good and bad. */
export const sampleView = (): AgentView => ({
  clock,
  version: '0.1.0',
  node: 'n1',
  startedAt: 1_000,
  enforcement: {
    level: 'in part',
    since: '2026-11-30T10:00:30.000Z',
    reasons: ['ipv6 is not in force (open): no table'],
  },
  loop: {
    ready: true,
    pending: true,
    notInForce: [],
    failures: 0,
    lastError: undefined,
    appliedResourceVersions: { pods: '20', namespaces: '', networkpolicies: '17' },
    lastCheck: undefined,
    lastChange: { at: '2026-11-30T10:00:58.000Z' },
    waitingSince: 59_500,
    heartbeatAt: NOW,
  },
  source: {
    snapshot: () =>
      cluster(
        { shop: {} },
        [
          pod('shop/a', {}, { node: 'n1', ips: ['10.0.0.1'] }),
          pod('shop/b', {}, { node: 'n1', ips: ['10.0.0.2'] }),
          pod('shop/c', {}, { node: 'n1', ips: ['10.0.0.3'] }),
          pod('shop/elsewhere', {}, { node: 'n2', ips: ['10.0.1.1'] }),
          pod('shop/host', {}, { node: 'n1', ips: ['192.0.2.1'], hostNetwork: true }),
        ],
        [policy('shop/web', {})],
      ),
    status: () => ({
      pods: heard('21', 58_000),
      namespaces: heard('', undefined),
      networkpolicies: heard('18', 10_000, 'connection refused'),
    }),
  },
  passes,
  closed: [],
  backend: 'nft',
  families: ['ipv4', 'ipv6'],
  tables: { ipv4: 'security', ipv6: 'security' },
  bridges: {
    level: 'learned',
    reasons: ['no result of the network plugin names the pods of ports: veth1'],
    bridges: ['cni0'],
    ports: 1,
    learned: 1,
    failures: 0,
  },
  isOnBridge: (uid) => uid === 'shop/a',
  sources: { interfaces: [], reason: 'pods share an interface' },
  unseenBridges: [],
  unseenPods: [{ uid: 'shop/c', pod: 'shop/c', network: 'no_node_end', detail: 'macvlan' }],
  company: { engines: ['Calico'], mixedBackends: true },
  otherKinds: [{ kind: 'CiliumNetworkPolicy', group: 'cilium.io', state: 'stored' }],
});

export const sampleReport = (): StatusReport => describeAgent(sampleView());

/** Returns the path of each value of a document, such as `pods.node`; `[]` stands for the entries of a list. */
export const pathsOf = (value: unknown, path = ''): readonly string[] => {
  if (Array.isArray(value)) {
    const entries = value as readonly unknown[];
    return [...new Set(entries.flatMap((each) => pathsOf(each, `${path}[]`)))];
  }
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, each]) => pathsOf(each, path === '' ? key : `${path}.${key}`));
};

/** Kinds of objects have the same fields: returns the path with KIND in the place of one. */
export const withoutKind = (field: string): string =>
  field.replace(/^((?:api|generation)\.(?:\w+\.)??)(?:pods|namespaces|networkpolicies)(?=\.|$)/, '$1KIND');
