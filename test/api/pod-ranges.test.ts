import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { followPodRanges } from '../../src/cluster/pod-ranges.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';

jest.setTimeout(180_000);

const DEADLINE_MS = 60_000;

let server: ApiServer;

beforeAll(async () => {
  server = await startTestApiServer();
});

afterAll(() => server.stop());

test('the agent learns the node’s range as soon as the node has one', async () => {
  const clock = createSystemClock();
  const troubles: string[] = [];
  let known = 0;
  const podRanges = followPodRanges({
    connect: () => connectByKubeconfig(server.kubeconfigPath),
    node: 'n1',
    clock: { ...clock, after: (_ms, callback) => clock.after(20, callback) },
    random: Math.random,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  expect(podRanges.hasAsked()).toBe(false);
  podRanges.start(() => {
    known += 1;
  });
  try {
    await waitFor('a refusal', DEADLINE_MS, () => Promise.resolve(troubles[0]));
    expect(podRanges.hasAsked()).toBe(true);
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };
    await server.admin.create(node);
    await waitFor('the next trouble', DEADLINE_MS, () => Promise.resolve(troubles[1]));
    expect(troubles).toEqual([
      expect.stringMatching(/^404 Not Found: nodes "n1" not found/),
      'Node n1 has no spec.podCIDRs',
    ]);
    expect(podRanges.ranges()).toEqual([]);
    await server.admin.patch(node, { spec: { podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] } });
    await waitFor('the range', DEADLINE_MS, () => Promise.resolve(known > 0 || undefined));
    expect(podRanges.ranges()).toEqual(['10.244.1.0/24', 'fd00:10:244:1::/64']);
  } finally {
    await podRanges.stop();
  }
  expect(known).toBe(1);
});
