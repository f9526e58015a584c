import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runVerbs } from '../support/run-verbs.ts';

/** Policies of other kinds may change who reaches whom, so every verb reports them. */

const MANIFESTS = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec: { nodeName: n1, containers: [{ name: web, image: web }] }
status: { podIP: 10.0.0.2 }
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: fence }
spec: {}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: one, namespace: shop }
spec: {}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: two, namespace: shop }
spec: {}
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-other-'));
  await writeFile(path.join(folder, 'all.yaml'), MANIFESTS);
});

afterAll(() => rm(folder, { recursive: true }));

test('check warns of each kind of other policies once, and fails with --strict', async () => {
  const { code, out } = await runVerbs('check', folder);
  expect(code).toBe(0);
  const warnings = out.split('\n').filter((line) => line.includes('[other-policy-kind]'));
  expect(warnings).toEqual([
    expect.stringMatching(/all\.yaml:9:\d+: warning: ClusterNetworkPolicy fence: kind: .*neither counted nor enforced/),
    expect.stringMatching(/warning: CiliumNetworkPolicy shop\/one: .*nor are 1 more of that kind/),
  ]);
  expect(out).toContain('0 policies checked: 2 warnings');
  expect((await runVerbs('check', '--strict', folder)).code).toBe(1);
});

test.each([
  ['matrix', ['-f']],
  ['render', ['--node', 'n1', '-f']],
] as const)('%s notes other kinds of policies beside its result', async (verb, flags) => {
  const { code, out, err } = await runVerbs(verb, ...flags, folder);
  expect(code).toBe(0);
  expect(err).toContain(
    'note: 1 of the kind ClusterNetworkPolicy (policy.networking.k8s.io) is neither counted nor enforced\n',
  );
  expect(err).toContain('note: 2 of the kind CiliumNetworkPolicy (cilium.io) are neither counted nor enforced\n');
  expect(out).not.toContain('ClusterNetworkPolicy');
});
