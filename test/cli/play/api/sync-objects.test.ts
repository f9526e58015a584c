import { expect, test } from '@jest/globals';
import { createObjectSync } from '../../../../src/cli/play/api/sync-objects.ts';
import { loadManifests } from '../../../../src/cluster/manifest/load-manifests.ts';
import type { AdminClient, StoredObject } from '../../../../src/lab/apiserver/client.ts';
import type { ObjectRef } from '../../../../src/lab/apiserver/kinds.ts';

/** Records its requests; refuses the names in `refused` once. */
const recorder = (refused: readonly string[] = []) => {
  const calls: string[] = [];
  const objects: ObjectRef[] = [];
  const left = new Set(refused);
  const record = (verb: string, { kind, metadata: { namespace = '', name } }: ObjectRef): Promise<StoredObject> => {
    calls.push(`${verb} ${kind} ${namespace}/${name}`);
    if (verb === 'apply' && left.delete(name)) return Promise.reject(new Error('422 may not change'));
    return Promise.resolve({ apiVersion: 'v1', kind, metadata: { name, uid: '', resourceVersion: '' } });
  };
  const admin: AdminClient = {
    create: (object) => record('create', object),
    apply(object) {
      objects.push(object);
      return record('apply', object);
    },
    patch: (ref) => record('patch', ref),
    patchStatus: (ref) => record('patchStatus', ref),
    async delete(ref) {
      await record('delete', ref);
    },
    get: () => Promise.resolve({}),
    close: () => undefined,
  };
  return { admin, calls, objects };
};

const load = (text: string) => loadManifests(['-'], { stdin: text, maxReplicas: 2 });

const POD = (name: string, image = 'nginx', namespace = 'shop'): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: ${namespace}, uid: x}, ` +
  `spec: {containers: [{name: c, image: ${image}}]}, status: {podIP: 10.0.0.1}}\n`;

const POLICY =
  '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: shop}, spec: {podSelector: {}}}\n';

const DEPLOYMENT =
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 2, ' +
  'template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}}}}\n';

test('the sync applies new and changed objects, and deletes missing ones, the last first', async () => {
  const { admin, calls } = recorder();
  const sync = createObjectSync(admin);
  await sync.apply(await load([POD('a'), POD('b'), POLICY].join('---\n')));
  expect(calls.splice(0)).toEqual([
    'apply Namespace /shop',
    'apply Pod shop/a',
    'apply Pod shop/b',
    'apply NetworkPolicy shop/p',
  ]);
  await sync.apply(await load([POD('a'), POD('b', 'other')].join('---\n')));
  expect(calls.splice(0)).toEqual(['delete NetworkPolicy shop/p', 'apply Pod shop/b']);
  await sync.apply(await load(POD('a', 'nginx', 'default')));
  expect(calls.splice(0)).toEqual([
    'delete Pod shop/b',
    'delete Pod shop/a',
    'delete Namespace /shop',
    'apply Namespace /default',
    'apply Pod default/a',
  ]);
  await sync.apply(await load(''));
  expect(calls).toEqual(['delete Pod default/a']);
});

test('the sync creates the pods of workloads, and sends no field that only a server sets', async () => {
  const { admin, objects } = recorder();
  await createObjectSync(admin).apply(await load([POD('a'), DEPLOYMENT].join('---\n')));
  expect(objects.filter(({ kind }) => kind === 'Pod')).toMatchObject([
    { metadata: { name: 'a', namespace: 'shop' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    { metadata: { name: 'web-0', labels: { app: 'web' } }, spec: { containers: [{ ports: [{ containerPort: 80 }] }] } },
    { metadata: { name: 'web-1' } },
  ]);
  expect(JSON.stringify(objects)).not.toMatch(/"uid"|"status"/);
});

test('the sync replaces a pod that cannot be changed, and reports refusals', async () => {
  const { admin, calls } = recorder(['a', 'p']);
  const refusals = await createObjectSync(admin).apply(await load([POD('a'), POLICY].join('---\n')));
  expect(calls).toEqual([
    'apply Namespace /shop',
    'apply Pod shop/a',
    'delete Pod shop/a',
    'apply Pod shop/a',
    'apply NetworkPolicy shop/p',
  ]);
  expect(refusals).toEqual(['NetworkPolicy shop/p: 422 may not change']);
});
