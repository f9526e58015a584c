import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { curl, expectAnswer, expectDenied, url } from '../support/curl.ts';
import { apply, get, kubectl } from '../support/kubectl.ts';
import { DEFAULT_PORT, denyAll, podObject, policyObject, serviceObject } from '../support/objects.ts';
import { closeNamespaces, openNamespaces, podIps, waitForPods, workers } from '../support/stage.ts';

/** Every path to a pod has the same verdict: addresses are judged after Services are resolved. */

const NAMESPACE = 'e2e-services';
const SERVER = { namespace: NAMESPACE, name: 'server' };
const FRIEND = { namespace: NAMESPACE, name: 'friend' };
const NEIGHBOUR = { namespace: NAMESPACE, name: 'neighbour' };
const STRANGER = { namespace: NAMESPACE, name: 'stranger' };

interface ServiceView {
  readonly spec: { readonly clusterIPs: readonly string[]; readonly ports: readonly { readonly nodePort?: number }[] };
}

/** All paths to the server, by name. */
const ways = new Map<string, string>();
let nodePorts: readonly string[] = [];

beforeAll(async () => {
  const [near, far] = await workers();
  await openNamespaces(NAMESPACE);
  const selector = { app: 'server' };
  await apply(
    podObject({ ...SERVER, labels: selector, node: near.name }),
    podObject({ ...FRIEND, labels: { role: 'friend' }, node: far.name }),
    podObject({ ...NEIGHBOUR, labels: { role: 'friend' }, node: near.name }),
    podObject({ ...STRANGER, labels: { role: 'stranger' }, node: far.name }),
    serviceObject({ namespace: NAMESPACE, name: 'server', selector }),
    serviceObject({ namespace: NAMESPACE, name: 'headless', selector, kind: 'headless' }),
    serviceObject({ namespace: NAMESPACE, name: 'node-port', selector, kind: 'NodePort' }),
  );
  await waitForPods(NAMESPACE);

  for (const ip of await podIps(SERVER)) ways.set(`pod address ${ip}`, url(ip, DEFAULT_PORT));
  const { spec } = await get<ServiceView>('-n', NAMESPACE, 'service', 'server');
  for (const ip of spec.clusterIPs) ways.set(`ClusterIP ${ip}`, url(ip, 80));
  ways.set('Service name', url(`server.${NAMESPACE}`, 80));
  ways.set('headless Service name', url(`headless.${NAMESPACE}`, DEFAULT_PORT));
  const port = (await get<ServiceView>('-n', NAMESPACE, 'service', 'node-port')).spec.ports[0]?.nodePort ?? 0;
  nodePorts = [...near.ips, ...far.ips].map((ip) => url(ip, port));
});

afterAll(() => closeNamespaces(NAMESPACE));

const everyWay = async (verdict: (address: string) => Promise<void>): Promise<void> => {
  expect(ways.size).toBeGreaterThanOrEqual(4);
  for (const address of ways.values()) await verdict(address);
};

test('every path is open without a policy', async () => {
  await everyWay((address) => expectAnswer(STRANGER, address));
  for (const address of nodePorts) await expectAnswer(STRANGER, address);
});

describe('ingress from friends only, on their port', () => {
  beforeAll(() =>
    apply(
      policyObject(NAMESPACE, 'friends', {
        podSelector: { matchLabels: { app: 'server' } },
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { role: 'friend' } } }],
            ports: [{ port: DEFAULT_PORT, protocol: 'TCP' }],
          },
        ],
      }),
    ),
  );

  afterAll(() => kubectl(['-n', NAMESPACE, 'delete', 'networkpolicy', 'friends']));

  test('a stranger is denied on every path', () => everyWay((address) => expectDenied(STRANGER, address)));

  test('a stranger is denied through every node’s port', async () => {
    for (const address of nodePorts) await expectDenied(STRANGER, address);
  });

  test('a friend on another node is admitted on every path', () =>
    everyWay((address) => expectAnswer(FRIEND, address)));

  test('a friend on the same node is admitted on every path', () =>
    everyWay((address) => expectAnswer(NEIGHBOUR, address)));
});

describe('every pod isolated in both directions', () => {
  beforeAll(() => apply(denyAll(NAMESPACE)));

  afterAll(() => kubectl(['-n', NAMESPACE, 'delete', 'networkpolicy', 'default-deny']));

  test('other pods are denied', async () => {
    for (const ip of await podIps(SERVER)) await expectDenied(FRIEND, url(ip, DEFAULT_PORT));
  });

  test('an isolated pod still reaches itself, directly and through its Service', async () => {
    for (const ip of await podIps(SERVER)) await expectAnswer(SERVER, url(ip, DEFAULT_PORT));
    const { spec } = await get<ServiceView>('-n', NAMESPACE, 'service', 'server');
    for (const ip of spec.clusterIPs) await expectAnswer(SERVER, url(ip, 80));
    expect(await curl(SERVER, url('localhost', DEFAULT_PORT))).toBe('answers');
  });
});
