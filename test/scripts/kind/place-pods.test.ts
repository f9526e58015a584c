import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { namespacesOf, placePods } from '../../../scripts/kind/place-pods.ts';

const ROOT = path.join(import.meta.dirname, '../../..');

const STORY = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  nodeName: node2
  containers:
    - name: nginx
      image: nginx:1.29
      ports: [{containerPort: 80}, {containerPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: visitor, namespace: shop}
spec:
  nodeName: node1
  containers: [{name: shell, image: busybox}]
`;

const placed = (text: string): readonly unknown[] =>
  parseAllDocuments(placePods(text, ['worker-a', 'worker-b'])).map((document) => document.toJS() as unknown);

test('a story’s pod gets a real server on each of its ports, on the node of its number', () => {
  expect(placed(STORY)[1]).toMatchObject({
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
    spec: {
      nodeName: 'worker-b',
      containers: [{ args: ['netexec', '--http-port=80', '--udp-port=-1'] }, { ports: [{ containerPort: 8080 }] }],
    },
  });
});

test('a story’s pod without ports serves nothing and can still run curl', () => {
  expect(placed(STORY)[2]).toMatchObject({ spec: { nodeName: 'worker-a', containers: [{ args: ['pause'] }] } });
});

test('a story’s other objects stay as they are', () => {
  expect(placed(STORY)[0]).toEqual({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  expect(namespacesOf(STORY)).toEqual(['shop']);
});

test('kind is configured for two workers and its own network plugin', () => {
  const config = parse(readFileSync(path.join(ROOT, 'kind-config.yaml'), 'utf8')) as Readonly<Record<string, unknown>>;
  expect(config['nodes']).toEqual([{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }]);
  expect(config).not.toHaveProperty('networking');
});
