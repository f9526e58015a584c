import { beforeEach, expect, test } from '@jest/globals';
import { createBridgeObserver } from '../../src/telemetry/bridge-observer.ts';
import { createCompanyObserver } from '../../src/telemetry/company-observer.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';
import { type AgentMetrics, createAgentMetrics } from '../../src/telemetry/metrics.ts';

let metrics: AgentMetrics;
let lines: string[];
let topics: Map<string, readonly string[]>;

const told = {
  log: {
    error: () => undefined,
    warn: (message: string) => lines.push(message),
    info: () => undefined,
    debug: () => undefined,
  },
  events: {
    tell: () => undefined,
    stand: (topic: string, events: readonly { readonly reason: string; readonly note: string }[]) =>
      topics.set(
        topic,
        events.map(({ reason, note }) => `${reason}: ${note}`),
      ),
  },
};

const series = async (name: string): Promise<readonly string[]> =>
  (await metrics.expose()).text.split('\n').filter((line) => line.startsWith(`portcullis_${name}`));

beforeEach(() => {
  metrics = createAgentMetrics({
    version: '1',
    limit: DEFAULT_LIMITS.node,
    sources: () => [],
    waitingSince: () => undefined,
    waitingPods: () => 0,
  });
  lines = [];
  topics = new Map();
});

test('co-tenant engines appear in the metrics, the log and the events while they exist', async () => {
  const observe = createCompanyObserver(metrics, told);
  observe({ engines: ['calico', 'weave'], mixedBackends: true });
  expect(await series('other_policy_engines{')).toEqual([
    'portcullis_other_policy_engines{engine="calico"} 1',
    'portcullis_other_policy_engines{engine="weave"} 1',
  ]);
  expect(await series('other_backend')).toEqual(['portcullis_other_backend_has_rules 1']);
  expect(lines).toHaveLength(2);
  expect(topics.get('company')).toEqual([
    expect.stringMatching(/^OtherPolicyEngine: calico also enforces policies on this node/),
    expect.stringMatching(/^OtherPolicyEngine: weave /),
    expect.stringMatching(/^BothIptablesBackends: /),
  ]);
  observe({ engines: [], mixedBackends: false });
  expect(await series('other_policy_engines{')).toEqual([]);
  expect(await series('other_backend')).toEqual(['portcullis_other_backend_has_rules 0']);
  expect(topics.get('company')).toEqual([]);
});

test('bridges that iptables does not see appear in the metrics, the log and the events', async () => {
  const observe = createBridgeObserver(metrics, told);
  observe([{ bridge: 'cni0', family: 'ipv6' }]);
  expect(await series('bridge_is_not_filtered')).toEqual([
    'portcullis_bridge_is_not_filtered{bridge="cni0",family="ipv6"} 1',
  ]);
  expect(lines).toHaveLength(1);
  expect(topics.get('bridges')).toEqual([
    expect.stringMatching(/^BridgeNotFiltered: ipv6 .* cni0 .* set net\.bridge\.bridge-nf-call-ip6tables=1$/),
  ]);
  observe([]);
  expect(await series('bridge_is_not_filtered')).toEqual([]);
  expect(topics.get('bridges')).toEqual([]);
});
