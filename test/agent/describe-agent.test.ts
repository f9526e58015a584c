import { expect, test } from '@jest/globals';
import { describeAgent } from '../../src/agent/describe-agent.ts';
import { describeReport } from '../../src/cli/status/describe-report.ts';
import { sampleReport, sampleView } from './sample-report.ts';

test('the report counts the node’s pods by network, with the guarantee of each', () => {
  const { pods, networks } = sampleReport();
  expect(pods).toEqual({ cluster: 5, node: 3, isolatedForIngress: 2, isolatedForEgress: 1, closed: 0 });
  expect(networks).toEqual([
    { kind: 'bridge', pods: 1, guarantee: 'learned', reasons: [expect.stringContaining('veth1')] },
    {
      kind: 'routed',
      pods: 1,
      guarantee: 'address-only',
      reasons: ['the sources of packets are not validated: pods share an interface'],
    },
    { kind: 'no_node_end', pods: 1, guarantee: 'none', reasons: ['macvlan'] },
  ]);
});

test('a bridge that iptables does not see has no guarantee', () => {
  const { networks } = describeAgent({ ...sampleView(), unseenBridges: [{ bridge: 'cni0', family: 'ipv4' }] });
  expect(networks[0]).toMatchObject({ kind: 'bridge', guarantee: 'none' });
});

test('all times of the report are ISO 8601 in UTC, computed from the monotonic clock', () => {
  const { at, startedAt, generation, api } = sampleReport();
  expect([at, startedAt, generation.waitingSince]).toEqual([
    '2026-11-30T10:01:00.000Z',
    '2026-11-30T10:00:01.000Z',
    '2026-11-30T10:00:59.500Z',
  ]);
  expect(api.pods).toEqual({ synced: true, lastHeardAt: '2026-11-30T10:00:58.000Z', secondsSinceHeard: 2 });
  expect(api.namespaces).toEqual({ synced: false });
});

test('the screen has the state first, and fits on one', () => {
  const lines = describeReport(sampleReport()).split('\n');
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(lines.slice(0, 3)).toEqual([
    'node           n1, portcullis 0.1.0, at 2026-11-30T10:01:00.000Z',
    'enforcement    in part since 2026-11-30T10:00:30.000Z',
    '               because ipv6 is not in force (open): no table',
  ]);
  expect(lines).toContain('               networkpolicies: in force at 17, newest seen 18');
  expect(lines).toContain('last drift     2026-11-30T10:01:00.000Z by iptables');
});
