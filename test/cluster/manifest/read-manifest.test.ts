import { describe, expect, test } from '@jest/globals';
import { describeObject } from '../../../src/cluster/manifest/manifest-object.ts';
import { readManifest } from '../../../src/cluster/manifest/read-manifest.ts';
import { formatProblem } from '../../../src/cluster/manifest/place.ts';

const read = (text: string): { objects: string[]; problems: string[] } => {
  const { objects, problems } = readManifest(text, 'f.yaml');
  return {
    objects: objects.map((object) => `${describeObject(object)}${object.flawed ? ' (flawed)' : ''}`),
    problems: problems.map(formatProblem),
  };
};

describe('objects of a manifest', () => {
  test('objects of several documents and lists are read', () => {
    const text = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- apiVersion: v1
  kind: PodList
  items:
  - metadata: {name: web, namespace: shop}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicyList
items:
- metadata: {name: deny}
  spec: {podSelector: {}}
`;
    expect(read(text)).toEqual({
      objects: ['Namespace shop', 'Pod shop/web', 'NetworkPolicy default/deny'],
      problems: [],
    });
  });

  test('objects have the places of their fields, even inside lists', () => {
    const text =
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: shop\n';
    const [object] = readManifest(text, 'f.yaml').objects;
    expect(object?.place).toEqual({ file: 'f.yaml', line: 4, column: 3 });
    expect(object?.locate(['metadata', 'name'])).toEqual({ file: 'f.yaml', line: 7, column: 11 });
  });

  test('objects of other kinds are recognized, whatever they contain', () => {
    expect(read('{apiVersion: v1, kind: ConfigMap, data: [1]}')).toEqual({
      objects: ['ConfigMap default/'],
      problems: [],
    });
  });
});

test('names that no cluster has are made printable, so that they cannot forge lines or equal other names', () => {
  const text = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'a/b', name: 'x\n\u001b[2Jf.yaml:1:1: all is well' },
  });
  expect(read(text)).toEqual({
    objects: ['Pod a\\u{2f}b/x\\u{a}\\u{1b}[2Jf.yaml:1:1: all is well (flawed)'],
    problems: [
      expect.stringMatching(/^f\.yaml:1:\d+: Pod: metadata\.name: [ -~]+$/),
      expect.stringMatching(/^f\.yaml:1:\d+: Pod: metadata\.namespace: [ -~]+$/),
    ],
  });
});

const pod = (rest: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n${rest}\n`;
const labelled = (labels: string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: ${labels}\n`;

describe('documents that are no objects', () => {
  test.each([
    ['just text', 'f.yaml:1:1: not a Kubernetes object: an object with apiVersion, kind and metadata is expected'],
    ['- a', 'f.yaml:1:1: not a Kubernetes object: an object with apiVersion, kind and metadata is expected'],
    ['kind: Pod', 'f.yaml:1:1: apiVersion: is missing'],
    ['apiVersion: v1', 'f.yaml:1:1: kind: is missing'],
    ['apiVersion: 1\nkind: Pod', 'f.yaml:1:13: apiVersion: must be text, not number 1; put it in quotes'],
    ['apiVersion: v1\nkind: Pot', 'f.yaml:2:7: Pot: kind: unknown kind "Pot"'],
    ['apiVersion: v1\nkind: Pod', 'f.yaml:1:1: Pod: metadata.name: is missing'],
    ['apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}', 'f.yaml:3:1: Pod: metadata.name: is missing'],
    ['apiVersion: v1\nkind: Pod\nmetadata: [a]', 'f.yaml:3:1: Pod: metadata: must be an object, not a list'],
    ['apiVersion: v1\nkind: PodList\nitems: {a: 1}', 'f.yaml:3:1: PodList: items: must be a list, not an object'],
  ])('a document that names no object is a problem, and gives none: %j', (text, problem) => {
    const { objects, problems } = read(text);
    expect(problems[0]).toBe(problem);
    expect(objects).toEqual([]);
  });
});

describe('objects that the API server would refuse', () => {
  test.each([
    [
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: Web_1',
      'f.yaml:4:9: Pod: metadata.name: "Web_1" is not a DNS name: at most 253 lower case letters, digits, "-" and ".", a letter or digit at each end',
    ],
    [
      labelled('{version: 1}'),
      'f.yaml:5:21: Pod default/web: metadata.labels.version: must be text, not number 1; put it in quotes',
    ],
    [
      labelled('{"a b": x}'),
      'f.yaml:5:19: Pod default/web: metadata.labels["a b"]: "a b" is not a label key: at most 63 letters, digits, "-", "_", "."; before it, if need be, a DNS name and "/"',
    ],
    [
      labelled('{a: "x y"}'),
      'f.yaml:5:15: Pod default/web: metadata.labels.a: "x y" is not a label value: at most 63 letters, digits, "-", "_", ".", a letter or digit at each end',
    ],
    [
      pod('spec: {containers: [{ports: [{containerPort: 70000}]}]}'),
      'f.yaml:4:46: Pod shop/web: spec.containers[0].ports[0].containerPort: must be a whole number from 1 to 65535, not number 70000',
    ],
    [
      pod('spec: {containers: [{ports: [{containerPort: 80, protocol: tcp}]}]}'),
      'f.yaml:4:60: Pod shop/web: spec.containers[0].ports[0].protocol: "tcp" is not one of TCP, UDP, SCTP',
    ],
    [
      pod('spec: {initContainers: [{ports: [{containerPort: 80, name: HTTP}]}]}'),
      'f.yaml:4:60: Pod shop/web: spec.initContainers[0].ports[0].name: "HTTP" is not a port name: at most 15 lower case letters, digits and single "-", at least one letter',
    ],
    [
      pod('spec: {hostNetwork: "yes"}'),
      'f.yaml:4:21: Pod shop/web: spec.hostNetwork: must be true or false, not string "yes"',
    ],
    [pod('spec: {containers: 3}'), 'f.yaml:4:20: Pod shop/web: spec.containers: must be a list, not number 3'],
    [pod('status: {podIP: 10.0.0}'), 'f.yaml:4:17: Pod shop/web: status.podIP: "10.0.0" is not an IP address'],
    [pod('status: {podIPs: [{ip: x}]}'), 'f.yaml:4:24: Pod shop/web: status.podIPs[0].ip: "x" is not an IP address'],
    [
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: two}',
      'f.yaml:4:18: Deployment default/web: spec.replicas: must be a whole number from 0 to 2147483647, not string "two"',
    ],
    [
      'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 0}]}',
      'f.yaml:4:23: Service default/web: spec.ports[0].port: must be a whole number from 1 to 65535, not number 0',
    ],
    [
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: [1]',
      'f.yaml:4:1: NetworkPolicy default/web: spec: must be an object, not a list',
    ],
  ])('an object that the API server would refuse is a problem, and its valid parts count: %j', (text, problem) => {
    const { objects, problems } = read(text);
    expect(problems).toEqual([problem]);
    expect(objects).toEqual([expect.stringMatching(/ \(flawed\)$/)]);
  });

  test('a name of the maximum length is valid', () => {
    const name = Array.from({ length: 4 }, () => 'x'.repeat(63))
      .join('.')
      .slice(0, 253);
    expect(read(`{apiVersion: v1, kind: Pod, metadata: {name: ${name}}}`).problems).toEqual([]);
    expect(read(`{apiVersion: v1, kind: Namespace, metadata: {name: ${'x'.repeat(64)}}}`).problems).toHaveLength(1);
  });
});
