import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AGENT, AGENT_NAMESPACE } from '../support/agent-names.ts';
import { agentPods, waitForAgents } from '../support/agent.ts';
import { kubectl } from '../support/kubectl.ts';
import { closeNamespaces } from '../support/stage.ts';
import { startTraffic } from '../support/traffic.ts';
import { openTrio, type Trio } from '../support/trio.ts';

/** Restarts and updates of agents affect no connection. */

const NAMESPACE = 'e2e-agent';

let trio: Trio;

beforeAll(async () => {
  trio = await openTrio(NAMESPACE);
});

afterAll(() => closeNamespaces(NAMESPACE));

test('a restart of all agents under load has no visible effect', async () => {
  const traffic = await startTraffic(trio);
  await kubectl(['-n', AGENT_NAMESPACE, 'rollout', 'restart', AGENT]);
  await waitForAgents();
  await traffic.expectUndisturbed();
});

test('the end of a killed agent has no visible effect, and its successor takes over', async () => {
  const traffic = await startTraffic(trio);
  const killed = (await agentPods()).find(({ spec }) => spec.nodeName === trio.near.name);
  await kubectl(['-n', AGENT_NAMESPACE, 'delete', 'pod', killed?.metadata.name ?? '', '--grace-period=0', '--force']);
  await waitForAgents();
  const uids = (await agentPods()).map(({ metadata }) => metadata.uid);
  expect(uids).not.toContain(killed?.metadata.uid);
  await traffic.expectUndisturbed();
});
