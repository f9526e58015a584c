import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AGENT, AGENT_NAMESPACE, agentPods, waitForAgents } from '../support/agent.ts';
import { expectAnswer, expectDenied, url } from '../support/curl.ts';
import { type Flow, startFlow } from '../support/flow.ts';
import { apply, kubectl, target } from '../support/kubectl.ts';
import { DEFAULT_PORT, denyIngress, podObject, policyObject } from '../support/objects.ts';
import { closeNamespaces, openNamespaces, podIps, waitForPods, workers } from '../support/stage.ts';

/** Agents come and go, and no connection may tell. */

const NAMESPACE = 'e2e-agent';
const SERVER = { namespace: NAMESPACE, name: 'server' };
const FRIEND = { namespace: NAMESPACE, name: 'friend' };
const STRANGER = { namespace: NAMESPACE, name: 'stranger' };

/** No allowed new connection fails for longer. */
const LONGEST_GAP_MS = 1_000;

/** Connections of each flow before and after what happens to the agents. */
const SOME = 10;

/** What the stranger asks for, so that the server's log would tell. */
const FORBIDDEN = 'forbidden-to-strangers';

let serverIp = '';
let nodeOfServer = '';
let allowed: Flow;
let denied: Flow;

beforeAll(async () => {
  const [near, far] = await workers();
  nodeOfServer = near.name;
  await openNamespaces(NAMESPACE);
  await apply(
    podObject({ ...SERVER, labels: { app: 'server' }, node: near.name }),
    podObject({ ...FRIEND, labels: { role: 'friend' }, node: far.name }),
    podObject({ ...STRANGER, node: far.name }),
    denyIngress(NAMESPACE),
    policyObject(NAMESPACE, 'friends', {
      podSelector: { matchLabels: { app: 'server' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { role: 'friend' } } }] }],
    }),
  );
  await waitForPods(NAMESPACE);
  serverIp = (await podIps(SERVER))[0] ?? '';
  await expectAnswer(FRIEND, url(serverIp, DEFAULT_PORT));
  await expectDenied(STRANGER, url(serverIp, DEFAULT_PORT));
});

afterAll(() => closeNamespaces(NAMESPACE));

beforeEach(async () => {
  allowed = await startFlow(FRIEND, url(serverIp, DEFAULT_PORT, '/hostname'));
  denied = await startFlow(STRANGER, url(serverIp, DEFAULT_PORT, `/echo?msg=${FORBIDDEN}`));
  await allowed.tried(SOME);
});

/** Ends both flows, which must have seen nothing of what happened meanwhile. */
const expectNothingNoticed = async (): Promise<void> => {
  await allowed.tried(SOME);
  await denied.tried(1);
  const friend = await allowed.stop();
  expect(friend.longestGapMs).toBeLessThan(LONGEST_GAP_MS);
  expect(friend.failed).toBe(0);
  expect(await denied.stop()).toMatchObject({ answered: 0 });
  expect(await kubectl(['-n', NAMESPACE, 'logs', SERVER.name])).not.toContain(FORBIDDEN);
};

afterEach(async () => {
  await Promise.all([allowed.stop(), denied.stop()]);
});

test('a restart of all agents under load is not noticed', async () => {
  await kubectl(['-n', AGENT_NAMESPACE, 'rollout', 'restart', AGENT]);
  await waitForAgents();
  await expectNothingNoticed();
});

test('an agent that is killed is not missed, and its successor takes over', async () => {
  const before = (await agentPods()).find(({ spec }) => spec.nodeName === nodeOfServer);
  await kubectl(['-n', AGENT_NAMESPACE, 'delete', 'pod', before?.metadata.name ?? '', '--grace-period=0', '--force']);
  await expect(agentPods()).resolves.not.toContainEqual(before);
  await waitForAgents();
  await expectNothingNoticed();
});

describe('an upgrade', () => {
  const { previousImage } = target;
  if (previousImage === undefined) {
    test('cannot be tried where there is no image before this one', () => {
      expect(previousImage).toBeUndefined();
    });
    return;
  }

  const use = async (image: string): Promise<void> => {
    await kubectl(['-n', AGENT_NAMESPACE, 'set', 'image', AGENT, `agent=${image}`]);
    await waitForAgents();
  };

  test('from the image before this one, and back, is not noticed', async () => {
    const present = (await agentPods())[0]?.spec.containers[0]?.image ?? '';
    try {
      await use(previousImage);
      await allowed.tried(SOME);
    } finally {
      await use(present);
    }
    await expectNothingNoticed();
  });
});
