import { afterAll, beforeAll, test } from '@jest/globals';
import { expectAnswer, expectDenied, url } from '../support/curl.ts';
import { apply } from '../support/kubectl.ts';
import { DEFAULT_PORT, denyAll, podObject, policyObject } from '../support/objects.ts';
import { closeNamespaces, openNamespaces, podIps, waitForPods, workers } from '../support/stage.ts';

/** Pods on the host network count as the node: policies neither isolate nor select them. */

const NAMESPACE = 'e2e-host-network';
const HOST_PORT = 18_080;
const ON_HOST = { namespace: NAMESPACE, name: 'on-host' };
const LOCAL = { namespace: NAMESPACE, name: 'local' };
const REMOTE = { namespace: NAMESPACE, name: 'remote' };
const OUTSIDER = { namespace: 'e2e-host-network-outside', name: 'outsider' };

beforeAll(async () => {
  const [near, far] = await workers();
  await openNamespaces(NAMESPACE, OUTSIDER.namespace);
  await apply(
    podObject({ ...ON_HOST, labels: { app: 'on-host' }, node: near.name, hostNetwork: true, port: HOST_PORT }),
    podObject({ ...LOCAL, labels: { app: 'server' }, node: near.name }),
    podObject({ ...REMOTE, labels: { app: 'server' }, node: far.name }),
    podObject({ ...OUTSIDER, node: far.name }),
    denyAll(NAMESPACE),
    policyObject(NAMESPACE, 'from-on-host', {
      podSelector: { matchLabels: { app: 'server' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'on-host' } } }] }],
    }),
  );
  await waitForPods(NAMESPACE);
  await waitForPods(OUTSIDER.namespace);
});

afterAll(() => closeNamespaces(NAMESPACE, OUTSIDER.namespace));

test('a policy of its namespace does not isolate a pod on the host network', async () => {
  for (const ip of await podIps(ON_HOST)) await expectAnswer(OUTSIDER, url(ip, HOST_PORT));
});

test('a pod on the host network reaches the pods of its own node, like everything on the node', async () => {
  for (const ip of await podIps(LOCAL)) await expectAnswer(ON_HOST, url(ip, DEFAULT_PORT));
});

test('a selector of its labels does not admit a pod on the host network to other nodes', async () => {
  for (const ip of await podIps(REMOTE)) await expectDenied(ON_HOST, url(ip, DEFAULT_PORT));
});
