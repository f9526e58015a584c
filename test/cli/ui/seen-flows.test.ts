import { describe, expect, test } from '@jest/globals';
import { createEventLog } from '../../../src/cli/ui/event-log.ts';
import { followFlows, problemsOf } from '../../../src/cli/ui/follow-flows.ts';
import { seenFlows } from '../../../src/cli/ui/seen-flows.ts';
import type { MergedFlows } from '../../../src/cli/plugin/ask-flows.ts';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import type { End } from '../../../src/records/end.ts';
import type { StoredFlow } from '../../../src/records/record.ts';
import { waitFor } from '../../support/wait-for.ts';

const pod = (name: string, ip: string): PodEndpoint => ({
  uid: name,
  namespace: 'shop',
  name,
  node: 'n1',
  labels: new Map(),
  ips: [ip],
  hostIPs: ['192.0.2.1'],
  hostNetwork: false,
  ports: [],
  createdAt: 0,
  workload: `Deployment/${name.split('-')[0] ?? ''}`,
});

const PODS = new Map([pod('web-1', '10.0.0.1'), pod('db-2', '10.0.0.9')].map((each) => [each.uid, each]));

const end = (name: string, address: string): End => ({
  kind: 'pod',
  namespace: 'shop',
  name,
  address,
  workload: `Deployment/${name.split('-')[0] ?? ''}`,
});

const flow = (change: Partial<StoredFlow> = {}): StoredFlow => ({
  verdict: 'denied',
  source: end('web-1', '10.0.0.1'),
  destination: end('db-2', '10.0.0.9'),
  protocol: 'TCP',
  port: 5432,
  policies: ['shop/db'],
  node: 'n1',
  since: '2026-01-01T10:00:00.000Z',
  at: '2026-01-01T10:05:00.000Z',
  count: 4,
  ...change,
});

const merged = (flows: readonly StoredFlow[], change: Partial<MergedFlows> = {}): MergedFlows => ({
  nodes: [{ node: 'n1', version: '0.1.0', status: null }],
  flows,
  policies: [],
  ...change,
});

describe('connections that agents recorded', () => {
  test('both nodes of a connection count once, with the higher count and the whole time', () => {
    const other = flow({ node: 'n2', count: 9, since: '2026-01-01T09:00:00.000Z' });
    expect(seenFlows([flow(), other], PODS)).toEqual([
      {
        kind: 'seen',
        from: '10.0.0.1',
        to: '10.0.0.9',
        protocol: 'TCP',
        port: 5432,
        verdict: 'refused',
        count: 9,
        first: Date.parse('2026-01-01T09:00:00.000Z'),
        last: Date.parse('2026-01-01T10:05:00.000Z'),
      },
    ]);
  });

  test('a replica that is gone stands for its workload, and its address for nobody else', () => {
    const gone = flow({ destination: end('db-1', '10.0.0.7') });
    expect(seenFlows([gone], PODS).map(({ to }) => to)).toEqual(['10.0.0.9']);
    // 10.0.0.9 was of another workload then, and that workload is gone.
    const reused = flow({ destination: end('cache-1', '10.0.0.9') });
    expect(seenFlows([reused], PODS)).toEqual([]);
    const former: End = { kind: 'former', address: '10.0.0.9', pod: 'shop/cache-1', until: '2026-01-01T10:00:00Z' };
    expect(seenFlows([flow({ destination: former })], PODS)).toEqual([]);
    expect(seenFlows([flow({ destination: { kind: 'internet', address: '10.0.0.9' } })], PODS)).toEqual([]);
  });

  test('what is outside keeps its address, and what has no port is left out', () => {
    const outside = flow({ destination: { kind: 'internet', address: '198.51.100.7' }, verdict: 'allowed' });
    expect(seenFlows([outside, flow({ protocol: 'ICMP', port: 0 })], PODS)).toMatchObject([
      { to: '198.51.100.7', verdict: 'allowed' },
    ]);
  });

  test('a node that does not answer and a clock that is ahead are problems', () => {
    const now = Date.parse('2026-01-01T10:00:00.000Z');
    const nodes = [{ node: 'n2', error: 'no answer in time' }];
    expect(problemsOf(merged([flow()], { nodes }), now)).toEqual([
      'node n2 does not answer (no answer in time): what its pods were refused is not shown',
      "the clock of node n1 is 300 s ahead of this machine's: times of its connections are off",
    ]);
    expect(problemsOf(merged([flow()]), now + 300_000)).toEqual([]);
  });

  test('a refusal is an event at the time at which it was met first, and so is a change of a policy before the start', async () => {
    const log = createEventLog(() => 7);
    let changes = 0;
    const policies = [{ at: '2026-01-01T09:00:00.000Z', policy: 'shop/db', change: 'set' as const }];
    const follower = followFlows({
      ask: () => Promise.resolve(merged([flow()], { policies })),
      log,
      now: () => Date.parse('2026-01-02T00:00:00.000Z'),
      onChange: () => (changes += 1),
    });
    await waitFor('an answer', 10_000, () => Promise.resolve(changes > 0 ? true : undefined));
    follower.stop();
    expect(follower.hasAnswered()).toBe(true);
    expect(log.events().map(({ at, what, text }) => [new Date(at).toISOString(), what, text])).toEqual([
      ['2026-01-01T10:00:00.000Z', 'refused', 'shop/web-1 → shop/db-2 TCP 5432: refused'],
      ['2026-01-01T09:00:00.000Z', 'policy', 'policy shop/db created or changed'],
    ]);
  });

  test('agents that cannot be reached are a problem, not an empty map', async () => {
    let changes = 0;
    const follower = followFlows({
      ask: () => Promise.reject(new Error('pods is forbidden')),
      log: createEventLog(() => 7),
      now: Date.now,
      onChange: () => (changes += 1),
    });
    await waitFor('a failure', 10_000, () => Promise.resolve(changes > 0 ? true : undefined));
    follower.stop();
    expect(follower.hasAnswered()).toBe(false);
    expect(follower.problems()).toEqual([
      'the agents cannot be reached, so no connection of theirs is shown: pods is forbidden',
    ]);
  });
});
