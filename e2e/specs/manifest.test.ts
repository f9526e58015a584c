import { expect, test } from '@jest/globals';
import { MANIFEST } from '../support/agent-names.ts';
import { agentPods, waitForAgents } from '../support/agent.ts';
import { kubectl } from '../support/kubectl.ts';

/** What runs is what is published. */

test('the objects of the cluster equal the manifest, without later changes', async () => {
  // kubectl diff exits with 1, and so fails here, if there is a difference.
  await expect(kubectl(['diff', '-f', MANIFEST])).resolves.toBe('');
});

test('every node runs one agent, all with the same image', async () => {
  await waitForAgents();
  const nodes = (await kubectl(['get', 'nodes', '-o', 'name'])).trim().split('\n');
  const pods = await agentPods();
  expect(pods).toHaveLength(nodes.length);
  expect(new Set(pods.map(({ status }) => status.containerStatuses[0]?.imageID)).size).toBe(1);
});
