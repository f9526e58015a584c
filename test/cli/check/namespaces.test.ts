import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runVerbs } from '../../support/run-verbs.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-namespaces-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
`;
const POD = '{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}}\n';
const NAMESPACE = '{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n';

const check = async (documents: readonly string[], ...args: readonly string[]) => {
  const file = path.join(folder, 'all.yaml');
  await writeFile(file, documents.join('---\n'));
  return runVerbs('check', file, ...args);
};

test('check reports that it checks a policy without a namespace in default', async () => {
  expect(await check([POLICY])).toEqual({
    code: 0,
    out: '1 policy checked: nothing found\n',
    err: 'note: 1 policy names no namespace: checked in "default", -n sets another one\n',
  });
});

test('-n sets the namespace of objects that name none', async () => {
  expect((await check([POLICY, POD])).out).toContain('[namespace-unset]');
  const nothing = { code: 0, out: '1 policy checked: nothing found\n', err: '' };
  expect(await check([POLICY, POD, NAMESPACE], '-n', 'shop')).toEqual(nothing);
  expect(await check([POLICY, POD], '-n', 'shop')).toEqual(nothing);
});

test('-n with a namespace that is missing from the manifests is an error, which suggests the intended one', async () => {
  const { code, out, err } = await check([POLICY, POD, NAMESPACE], '-n', 'shpo');
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('namespace shpo is not among the manifests; did you mean shop? (there are: shop)');
  expect((await check([POD], '-n', 'elsewhere')).code).toBe(2);
});
