import { afterAll, expect, test } from '@jest/globals';
import { AGENT, AGENT_NAMESPACE } from '../../support/agent-names.ts';
import { agentPods, installAgent, waitForAgents } from '../../support/agent.ts';
import { kubectl, target } from '../../support/kubectl.ts';
import { closeNamespaces } from '../../support/stage.ts';
import { startTraffic } from '../../support/traffic.ts';
import { openTrio } from '../../support/trio.ts';

const NAMESPACE = 'e2e-upgrade';

afterAll(async () => {
  await installAgent();
  await closeNamespaces(NAMESPACE);
});

test('an upgrade from the previous image has no visible effect', async () => {
  const { previousImage = '' } = target;
  await kubectl(['-n', AGENT_NAMESPACE, 'set', 'image', AGENT, `agent=${previousImage}`]);
  await waitForAgents();
  expect((await agentPods()).map(({ spec }) => spec.containers[0]?.image)).toContain(previousImage);
  const traffic = await startTraffic(await openTrio(NAMESPACE));
  await installAgent();
  expect((await agentPods()).map(({ spec }) => spec.containers[0]?.image)).not.toContain(previousImage);
  await traffic.expectUndisturbed();
});
