import { afterAll, test } from '@jest/globals';
import { CommandError } from '../../../src/kernel/command.ts';
import { until } from '../../cluster/until.ts';
import { agentPods, waitForAgents } from '../../support/agent.ts';
import { expectAnswer, expectDenied, url } from '../../support/curl.ts';
import { onNode } from '../../support/node-access.ts';
import { DEFAULT_PORT } from '../../support/objects.ts';
import { closeNamespaces, podIps, restartsOf, waitForPods } from '../../support/stage.ts';
import { openTrio } from '../../support/trio.ts';

const NAMESPACE = 'e2e-node-restart';

/** Maximum time until a node that was killed is back, and its agent runs. */
const BACK_MS = 90_000;

const agentRestarts = async (node: string): Promise<number> => {
  const agent = (await agentPods()).find(({ spec }) => spec.nodeName === node);
  return agent?.status.containerStatuses[0]?.restartCount ?? 0;
};

/** Ends the node's first process, and so every other one, including this command. */
const powerOff = async (node: string): Promise<void> => {
  const runner = await onNode(node);
  await runner.run('kill', ['-TERM', '1']).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
  });
};

afterAll(() => closeNamespaces(NAMESPACE));

test('a node that went down enforces again when it is back', async () => {
  const { server, friend, stranger, near } = await openTrio(NAMESPACE);
  const before = await agentRestarts(near.name);
  await powerOff(near.name);
  await until('the agent runs again', BACK_MS, async () => (await agentRestarts(near.name)) > before);
  await waitForAgents();
  // Until its kubelet has checked, a pod counts as ready at its former address.
  await until('the server runs again', BACK_MS, async () => (await restartsOf(server)) > 0);
  await waitForPods(NAMESPACE);
  for (const address of [url((await podIps(server))[0] ?? '', DEFAULT_PORT), url(`server.${NAMESPACE}`, 80)]) {
    await expectAnswer(friend, address);
    await expectDenied(stranger, address);
  }
});
