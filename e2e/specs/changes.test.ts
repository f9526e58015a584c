import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectAnswer, expectDenied, url } from '../support/curl.ts';
import { apply, get, kubectl } from '../support/kubectl.ts';
import { DEFAULT_PORT, denyIngress, podObject, policyObject } from '../support/objects.ts';
import { closeNamespaces, openNamespaces, podIps, waitForPods, workers } from '../support/stage.ts';

/** Policies select by labels, and labels change while pods run. */

const NAMESPACE = 'e2e-changes';
const GUESTS = 'e2e-changes-guests';
const SERVER = { namespace: NAMESPACE, name: 'server' };
const CLIENT = { namespace: NAMESPACE, name: 'client' };
const GUEST = { namespace: GUESTS, name: 'guest' };

let address = '';

const label = (kind: string, namespace: string, name: string, ...changes: readonly string[]): Promise<string> =>
  kubectl(['-n', namespace, 'label', '--overwrite', kind, name, ...changes]);

beforeAll(async () => {
  const [near, far] = await workers();
  await openNamespaces(NAMESPACE, GUESTS);
  await apply(
    podObject({ ...SERVER, labels: { app: 'server' }, node: near.name }),
    podObject({ ...CLIENT, node: far.name }),
    podObject({ ...GUEST, node: far.name }),
    denyIngress(NAMESPACE),
    policyObject(NAMESPACE, 'by-label', {
      podSelector: { matchLabels: { app: 'server' } },
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { role: 'friend' } } },
            { namespaceSelector: { matchLabels: { team: 'guests' } } },
          ],
        },
      ],
    }),
  );
  await waitForPods(NAMESPACE);
  await waitForPods(GUESTS);
  address = url((await podIps(SERVER))[0] ?? '', DEFAULT_PORT);
});

afterAll(() => closeNamespaces(NAMESPACE, GUESTS));

test('a pod is admitted with a label, and denied without it', async () => {
  await expectDenied(CLIENT, address);
  await label('pod', NAMESPACE, 'client', 'role=friend');
  await expectAnswer(CLIENT, address);
  await label('pod', NAMESPACE, 'client', 'role=other');
  await expectDenied(CLIENT, address);
  await label('pod', NAMESPACE, 'client', 'role=friend');
  await expectAnswer(CLIENT, address);
  await label('pod', NAMESPACE, 'client', 'role-');
  await expectDenied(CLIENT, address);
});

test('a whole namespace is admitted with its label, and denied without it', async () => {
  await expectDenied(GUEST, address);
  await label('namespace', GUESTS, GUESTS, 'team=guests');
  await expectAnswer(GUEST, address);
  await label('namespace', GUESTS, GUESTS, 'team-');
  await expectDenied(GUEST, address);
});

test('a pod that no policy selects any more is open to every client', async () => {
  await expectDenied(GUEST, address);
  await kubectl(['-n', NAMESPACE, 'delete', 'networkpolicy', 'default-deny-ingress']);
  await expectDenied(GUEST, address);
  await label('pod', NAMESPACE, 'server', 'app=other');
  await expectAnswer(GUEST, address);
  await label('pod', NAMESPACE, 'server', 'app=server');
  await expectDenied(GUEST, address);
});

describe('pods that are being deleted', () => {
  const LEAVING = { namespace: NAMESPACE, name: 'leaving' };

  beforeAll(async () => {
    const [near] = await workers();
    await apply(
      podObject({
        ...LEAVING,
        labels: { app: 'server' },
        node: near.name,
        // It serves for a while after its deletion, like a server that finishes its requests.
        container: { lifecycle: { preStop: { sleep: { seconds: 20 } } } },
        spec: { terminationGracePeriodSeconds: 30 },
      }),
    );
    await waitForPods(NAMESPACE);
  });

  test('a pod that is being deleted stays isolated until it is gone', async () => {
    const leaving = url((await podIps(LEAVING))[0] ?? '', DEFAULT_PORT);
    await expectDenied(GUEST, leaving);
    await kubectl(['-n', NAMESPACE, 'delete', 'pod', LEAVING.name, '--wait=false']);
    await label('pod', NAMESPACE, 'client', 'role=friend');
    await expectAnswer(CLIENT, leaving);
    await expectDenied(GUEST, leaving);
    const { metadata } = await get<{ metadata: { deletionTimestamp?: string } }>('-n', NAMESPACE, 'pod', LEAVING.name);
    expect(metadata.deletionTimestamp).toBeDefined();
    await kubectl(['-n', NAMESPACE, 'delete', 'pod', LEAVING.name, '--grace-period=0', '--force']);
  });
});
