import { describe, expect, test } from '@jest/globals';
import { readManifest } from '../../../src/cluster/manifest/read-manifest.ts';

const TEMPLATE = `{{- if .Values.networkPolicy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "web.fullname" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "web.selectorLabels" . | nindent 6 }}
  {{- with .Values.networkPolicy.ingress }}
  ingress: {{ toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
`;

describe('a file that holds no manifests is one line', () => {
  test.each([
    ['templates/policy.yaml', TEMPLATE, /^a Helm template that was not rendered: /],
    [
      'policy.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}", labels: {a: 1}}\n',
      /^a Helm template/,
    ],
    ['Chart.yaml', 'apiVersion: v2\nname: web\nversion: 1.2.3\ndependencies: []\n', /^the description of a Helm chart/],
    ['values.yaml', 'replicas: 1\nimage: {tag: v1}\n', /^values of a Helm chart/],
    ['values-prod.yaml', 'replicas: 3\n', /^values of a Helm chart/],
    ['compose.yaml', 'services:\n  web:\n    image: nginx\n    ports: ["80:80"]\n', /^a Compose file/],
    ['mkdocs.yml', 'site_name: Docs\nnav: []\n', /^not a Kubernetes object: /],
    ['rules.yaml', '---\ngroups: []\n---\nother: 1\n', /^not a Kubernetes object: /],
  ])('a file that is no manifest gets one line that names its kind: %s', (file, text, message) => {
    const { objects, problems } = readManifest(text, file);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(message);
    expect(objects.filter(({ use }) => use !== 'ignored')).toEqual([]);
  });
});

test('templates within the strings of a manifest do not make it a template', () => {
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {rule: "{{ $labels.pod }}"}\n';
  expect(readManifest(text, 'f.yaml').problems).toEqual([]);
});

test('a template among manifests does not affect the others', () => {
  const { objects, problems } = readManifest(
    `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n${TEMPLATE}`,
    'f.yaml',
  );
  expect(objects.map(({ name }) => name)).toEqual(['shop']);
  expect(problems).toHaveLength(1);
});

describe('what kubectl reads is read', () => {
  const object = (name: string) => JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

  test.each([
    ['objects of JSON that follow each other', `${object('a')}\n${object('b')}`],
    ['objects of JSON on one line', `${object('a')}${object('b')}`],
    [
      'JSON that tabs indent',
      `{\n\t"apiVersion": "v1",\n\t"kind": "List",\n\t"items": [${object('a')},\n\t${object('b')}]\n}`,
    ],
    [
      'documents with Windows line ends',
      `apiVersion: v1\r\nkind: Namespace\r\nmetadata: {name: a}\r\n---\r\n${object('b')}\r\n`,
    ],
    [
      'a byte order mark, comments and empty documents',
      `\uFEFF# x\n---\n---\n${object('a')}\n---\n# y\n---\n${object('b')}`,
    ],
  ])('the reader accepts a manifest with %s', (_, text) => {
    const { objects, problems } = readManifest(text, 'f');
    expect(problems).toEqual([]);
    expect(objects.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('an object in a stream of JSON knows its place', () => {
    const { objects } = readManifest(`${object('a')}\n\n  ${object('b')}`, 'f');
    expect(objects[1]?.place).toEqual({ file: 'f', line: 3, column: 3 });
    expect(objects[1]?.locate(['metadata', 'name'])).toMatchObject({ line: 3 });
  });
});
