import { beforeEach, expect, test } from '@jest/globals';
import { createPartsObserver, type PartNotInForce } from '../../src/telemetry/parts-observer.ts';
import { createUnseenObserver } from '../../src/telemetry/unseen-observer.ts';
import { createBridgeObserver } from '../../src/telemetry/bridge-observer.ts';
import { createCompanyObserver } from '../../src/telemetry/company-observer.ts';
import type { OperatorEvent } from '../../src/model/operator-event.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';
import { type AgentMetrics, createAgentMetrics } from '../../src/telemetry/metrics.ts';

let metrics: AgentMetrics;
let lines: string[];
let topics: Map<string, readonly string[]>;
/** Reasons of events that told an end. */
let ends: string[];

const told = {
  log: {
    error: () => undefined,
    warn: (message: string) => lines.push(message),
    info: (message: string) => lines.push(message),
    debug: () => undefined,
  },
  events: {
    tell: ({ type, reason, note }: OperatorEvent) => void ends.push(`${type} ${reason}: ${note}`),
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
  ends = [];
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
  expect(lines.slice(2)).toEqual([
    'another policy engine is gone from this node',
    'another policy engine is gone from this node',
    'one iptables backend alone holds rules on this node again',
  ]);
  expect(ends).toEqual([
    'Normal OtherPolicyEngineGone: calico enforces no policies on this node any more',
    'Normal OtherPolicyEngineGone: weave enforces no policies on this node any more',
    'Normal OneIptablesBackend: one iptables backend alone holds rules on this node again',
  ]);
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
  expect(lines.slice(1)).toEqual(['policies are enforced between pods on this bridge again, or none is left on it']);
  expect(ends).toEqual([expect.stringMatching(/^Normal BridgeFiltered: ipv6 .* cni0 /)]);
});

test('a pod that rules see again is reported once', () => {
  const observe = createUnseenObserver(metrics, told);
  observe([{ uid: 'u', pod: 'shop/web', network: 'no_node_end', detail: 'macvlan' }]);
  observe([]);
  observe([]);
  expect(ends).toEqual(['Normal NetworkSeen: the pod shop/web on this node is gone, or rules see its packets now']);
});

test('the end of a part’s fault causes an event only if its fault caused one', () => {
  const observe = createPartsObserver(metrics, told);
  const ipv6: PartNotInForce = { part: 'ipv6', reason: 'busy', holds: 'open', isOpen: false, isLasting: false };
  observe([ipv6]);
  observe([]);
  expect(ends).toEqual([]);
  observe([{ ...ipv6, isLasting: true }]);
  expect(topics.get('parts')).toHaveLength(1);
  observe([]);
  expect(topics.get('parts')).toEqual([]);
  expect(ends).toEqual(['Normal PartInForce: on this node ipv6 is in force again']);
});
