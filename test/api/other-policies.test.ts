import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Connect } from '../../src/cluster/api/connection.ts';
import { createConnection } from '../../src/cluster/api/credentials.ts';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { findOtherPolicies } from '../../src/cluster/other-policies-served.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import type { OtherPolicies } from '../../src/model/other-policies.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';

jest.setTimeout(180_000);

const DEADLINE_MS = 60_000;
const KIND = { kind: 'AdminNetworkPolicy', group: 'policy.networking.k8s.io' };

let server: ApiServer;

const asAdmin: Connect = () => connectByKubeconfig(server.kubeconfigPath);

const asStranger: Connect = () =>
  Promise.resolve(
    createConnection(
      { name: 'test', server: server.url, caData: Buffer.from(server.ca).toString('base64'), skipTLSVerify: false },
      { name: 'test', token: 'stranger' },
    ),
  );

const find = async (connect: Connect): Promise<readonly OtherPolicies[]> =>
  findOtherPolicies(await connect(), AbortSignal.timeout(DEADLINE_MS));

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'adminnetworkpolicies.policy.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
  },
  spec: {
    group: KIND.group,
    scope: 'Cluster',
    names: { plural: 'adminnetworkpolicies', singular: 'adminnetworkpolicy', kind: KIND.kind },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
} as unknown as ObjectRef;

beforeAll(async () => {
  server = await startTestApiServer({ tokens: [{ token: 'stranger', user: 'stranger', groups: [] }] });
});

afterAll(() => server.stop());

test('the agent reports other kinds of policies once there are objects of them, or if it cannot list them', async () => {
  expect(await find(asAdmin)).toEqual([]);
  expect(await find(asStranger)).toEqual([]);
  await server.admin.create(definition);
  await waitFor('the kind to be served', DEADLINE_MS, async () => {
    const seen = await find(asStranger);
    return seen.length > 0 ? true : undefined;
  });
  expect(await find(asStranger)).toEqual([{ ...KIND, state: 'served' }]);
  expect(await find(asAdmin)).toEqual([]);
  const policy = { apiVersion: `${KIND.group}/v1alpha1`, kind: KIND.kind, metadata: { name: 'fence' } };
  await waitFor('the kind to be taken', DEADLINE_MS, () =>
    server.admin.create(policy).then(
      () => true as const,
      () => undefined,
    ),
  );
  expect(await find(asAdmin)).toEqual([{ ...KIND, state: 'stored' }]);
});
