import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { runVerbs } from '../support/run-verbs.ts';

jest.setTimeout(180_000);

let server: ApiServer;

const create = (object: object): Promise<unknown> => server.admin.create(object as ObjectRef);

const createPod = async (name: string, labels: object, ip: string | undefined): Promise<void> => {
  const metadata = { namespace: 'shop', name, labels };
  const containers = [{ name: 'c', image: 'none', ports: [{ name: 'http', containerPort: 8080 }] }];
  await create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'n1', containers } });
  const status = ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }], hostIP: '192.0.2.1', phase: 'Running' };
  await server.admin.patchStatus({ apiVersion: 'v1', kind: 'Pod', metadata }, status);
};

beforeAll(async () => {
  server = await startTestApiServer();
  await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'shop', name: 'default' } });
  await createPod('api', { app: 'api', role: 'admin' }, '10.244.1.2');
  await createPod('web', { app: 'web' }, '10.244.1.3');
  await createPod('late', { app: 'late' }, undefined);
  const metadata = { namespace: 'shop', name: 'web' };
  const spec = { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] };
  await create({ apiVersion: 'v1', kind: 'Service', metadata, spec });
  await create({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }], ports: [{ port: 8080 }] }],
    },
  });
});

afterAll(() => server.stop());

const explain = (...args: readonly string[]) => runVerbs('explain', ...args, '--kubeconfig', server.kubeconfigPath);

test('explain reads pods, policies and Services from an API server, and its change is one that the server takes', async () => {
  const { code, out, err } = await explain('shop/api', 'http://web.shop', '--expect', 'denied');
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('shop/api (10.244.1.2) → shop/web (10.244.1.3) TCP 8080: denied');
  expect(out).toContain('shop/web ingress[0] allows role=client on TCP 8080; shop/api has role=admin (nearest)');
  const { out: json } = await explain('shop/api', 'svc/shop/web', '-o', 'json');
  const { explanations } = JSON.parse(json) as {
    explanations: readonly { suggestions: readonly { manifests: readonly ObjectRef[] }[] }[];
  };
  const [manifest] = explanations[0]?.suggestions[0]?.manifests ?? [];
  if (manifest === undefined) throw new Error('nothing was suggested');
  await server.admin.patch(manifest, manifest);
  expect((await explain('shop/api', 'svc/shop/web', '--expect', 'allowed')).code).toBe(0);
});

test('explain cannot decide about a pod that has no address yet', async () => {
  const { code, out } = await explain('shop/late', 'shop/web:8080');
  expect(code).toBe(1);
  expect(out).toContain('shop/late has no address yet (phase Pending)');
});
