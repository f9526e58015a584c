import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LoadedManifests } from '../../../src/cluster/manifest/assemble.ts';
import { loadManifests, MOST_BYTES, TOO_LARGE } from '../../../src/cluster/manifest/load-manifests.ts';
import { formatProblem } from '../../../src/cluster/manifest/place.ts';
import { policyKey } from '../../../src/model/policy-object.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-manifests-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const write = async (file: string, text: string): Promise<string> => {
  const target = path.join(folder, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
  return target;
};

const fromText = (stdin: string, maxReplicas = 1): Promise<LoadedManifests> =>
  loadManifests(['-'], { stdin, maxReplicas });

const namesOf = ({ snapshot }: LoadedManifests): string[] => [...snapshot.pods.values()].map(({ name }) => name);
const pod = (name: string): string => `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}}\n`;

describe('large files of manifests', () => {
  const listOf = (pods: number): string =>
    `apiVersion: v1\nitems:\n${Array.from({ length: pods }, (_, at) => `- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p${at}\n`).join('')}kind: List\n`;

  test('a long list tells how much of it was read', async () => {
    const file = await write('list.yaml', listOf(2_500));
    const told: string[] = [];
    const { snapshot } = await loadManifests([file], {
      onProgress: (what, part) => told.push(`${what.replace(folder, '')} ${part}`),
    });
    expect(snapshot.pods.size).toBe(2_500);
    expect(told).toContain('reading /list.yaml 0.48');
    expect(told.slice(-3)).toEqual(['checking /list.yaml 0', 'checking /list.yaml 0.4', 'checking /list.yaml 0.8']);
  });

  test('a file that is too large for one text is a problem, and does not hide the others', async () => {
    const large = await write('large.json', '');
    await truncate(large, MOST_BYTES + 1);
    const loaded = await loadManifests([large, await write('a.yaml', pod('a'))]);
    expect(loaded.problems.map(({ message }) => message)).toEqual([TOO_LARGE]);
    expect(TOO_LARGE).toMatch(/^has more than 5\d\d MB, /);
    expect(namesOf(loaded)).toEqual(['a']);
  });
});

describe('files of manifests', () => {
  test('files of a folder and below are read by extension, without hidden ones', async () => {
    await write('b.yml', pod('b'));
    await write('sub/a.yaml', pod('a'));
    await write('sub/c.json', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}');
    await write('notes.txt', 'not a manifest');
    await write('.hidden.yaml', pod('hidden'));
    await write('..data/d.yaml', pod('hidden'));
    const loaded = await loadManifests([folder]);
    expect(namesOf(loaded)).toEqual(['b', 'a', 'c']);
    expect(loaded.problems).toEqual([]);
  });

  test('files that are named are read whatever their names are, and once', async () => {
    const file = await write('pod.txt', pod('a'));
    expect(namesOf(await loadManifests([file, file]))).toEqual(['a']);
  });

  test('files behind links are read, and circles of links are not followed', async () => {
    const file = await write('real/pod.yaml', pod('a'));
    await symlink(file, path.join(folder, 'link.yaml'));
    await symlink(folder, path.join(folder, 'real/circle'));
    const loaded = await loadManifests([folder]);
    expect(namesOf(loaded)).toEqual(['a']);
    expect(loaded.problems).toEqual([]);
  });

  test('a missing file is a problem', async () => {
    const { problems } = await loadManifests([path.join(folder, 'none.yaml')]);
    expect(problems.map(formatProblem)).toEqual([`${folder}/none.yaml:1:1: there is no such file or folder`]);
  });

  test('an invalid document hides neither other documents nor other files', async () => {
    await write('a.yaml', `${pod('a')}---\nx: [\n---\n${pod('b')}`);
    await write('b.yaml', '\t');
    await write('c.yaml', pod('c'));
    const loaded = await loadManifests([folder]);
    expect(namesOf(loaded)).toEqual(['a', 'b', 'c']);
    expect(loaded.problems.map(({ file }) => path.basename(file))).toContain('a.yaml');
  });
});

describe('namespaces of manifests', () => {
  test('namespaces have the label that the API server sets, even if they are only mentioned', async () => {
    const { snapshot } = await fromText(
      `{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: x}}}\n---\n` +
        `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: b}}\n---\n${pod('web')}` +
        '---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: unused}}',
    );
    const NAME = 'kubernetes.io/metadata.name';
    expect(snapshot.namespaces).toEqual(
      new Map([
        ['a', { name: 'a', labels: new Map(Object.entries({ team: 'x', [NAME]: 'a' })) }],
        ['b', { name: 'b', labels: new Map([[NAME, 'b']]) }],
        ['default', { name: 'default', labels: new Map([[NAME, 'default']]) }],
      ]),
    );
  });
});

describe('pods of manifests', () => {
  test('pods are identified by name, since manifests saved from a cluster may share a uid', async () => {
    const text = ['a', 'b']
      .map((name) => `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, uid: u}}`)
      .join('\n---\n');
    expect([...(await fromText(text)).snapshot.pods.keys()]).toEqual(['default/a', 'default/b']);
  });

  test('pods have their controller', async () => {
    const { podOrigins } = await fromText(
      '{apiVersion: v1, kind: Pod, metadata: {name: a, ownerReferences: [{kind: Node, name: n}, {kind: ReplicaSet, name: r, controller: true}]}}',
    );
    expect(podOrigins.get('default/a')?.owner).toEqual({ kind: 'ReplicaSet', name: 'r' });
  });

  test('finished pods are left out', async () => {
    expect(
      namesOf(await fromText('{apiVersion: v1, kind: Pod, metadata: {name: a}, status: {phase: Failed}}')),
    ).toEqual([]);
  });
});

describe('workloads of manifests', () => {
  const template = '{metadata: {labels: {app: web}}, spec: {containers: [{ports: [{containerPort: 80}]}]}}';

  test.each([
    ['apps/v1', 'Deployment', `{replicas: 3, template: ${template}}`],
    ['apps/v1', 'StatefulSet', `{replicas: 3, template: ${template}}`],
    ['apps/v1', 'ReplicaSet', `{replicas: 3, template: ${template}}`],
    ['v1', 'ReplicationController', `{replicas: 3, template: ${template}}`],
    ['batch/v1', 'Job', `{parallelism: 3, template: ${template}}`],
  ])('a workload %s %s has pods from its template', async (apiVersion, kind, spec) => {
    const text = `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: web, namespace: shop}, spec: ${spec}}`;
    const { snapshot, podOrigins } = await fromText(text, 2);
    expect([...snapshot.pods.values()].map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
      'shop/web-0',
      'shop/web-1',
    ]);
    for (const [uid, { labels, ports }] of snapshot.pods) {
      expect(labels).toEqual(new Map([['app', 'web']]));
      expect(ports).toEqual([{ name: undefined, protocol: 'TCP', port: 80 }]);
      expect(podOrigins.get(uid)?.owner).toEqual({ kind, name: 'web' });
    }
    expect((await fromText(text)).snapshot.pods.size).toBe(1);
  });

  test.each([
    ['apps/v1', 'DaemonSet', `{template: ${template}}`],
    ['batch/v1', 'CronJob', `{jobTemplate: {spec: {template: ${template}}}}`],
  ])('a workload %s %s has one pod', async (apiVersion, kind, spec) => {
    const text = `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: web}, spec: ${spec}}`;
    const { snapshot } = await fromText(text, 5);
    expect([...snapshot.pods.values()]).toMatchObject([{ name: 'web-0', labels: new Map([['app', 'web']]) }]);
  });

  test('a workload that is scaled to zero has no pods', async () => {
    const text = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 0, template: ${template}}}`;
    expect(namesOf(await fromText(text))).toEqual([]);
  });

  test('workloads of different kinds may share a name', async () => {
    const text = ['Deployment', 'StatefulSet']
      .map((kind) => `{apiVersion: apps/v1, kind: ${kind}, metadata: {name: web}, spec: {template: ${template}}}`)
      .join('\n---\n');
    expect(namesOf(await fromText(text))).toEqual(['web-0', 'web-0']);
  });
});

describe('policies of manifests', () => {
  test('policies keep their spec and its place', async () => {
    const { snapshot, policyOrigins } = await fromText(
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: p\nspec:\n  podSelector: {}\n',
    );
    const key = policyKey('default', 'p');
    expect(snapshot.policies.get(key)).toEqual({ key, namespace: 'default', name: 'p', spec: { podSelector: {} } });
    expect(policyOrigins.get(key)?.locate(['spec', 'podSelector'])).toEqual({ file: '<stdin>', line: 6, column: 3 });
  });

  const policy = (name: string, spec: string): string =>
    `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${name}}, spec: ${spec}}`;

  test('equal policies of the same name count once; of different ones the last counts, with a report', async () => {
    const same = await fromText(`${policy('p', '{}')}\n---\n${policy('p', '{}')}`);
    expect(same.problems).toEqual([]);
    const other = await fromText(`${policy('p', '{}')}\n---\n${policy('p', '{podSelector: {}}')}`);
    expect(other.snapshot.policies.get(policyKey('default', 'p'))?.spec).toEqual({ podSelector: {} });
    expect(other.problems.map(formatProblem)).toEqual([
      '<stdin>:3:1: NetworkPolicy default/p: is defined differently at <stdin>:1 too; the one here counts',
    ]);
  });

  test('policies with a name that the API server would refuse are reported, and still count', async () => {
    const { snapshot, problems } = await fromText(policy('bad_name', '{podSelector: {}}'));
    expect([...snapshot.policies.keys()]).toEqual(['default/bad_name']);
    expect(problems).toHaveLength(1);
  });
});

describe('Services of manifests', () => {
  test('Services have the pods behind their ports', async () => {
    const { services } = await fromText(
      '{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {clusterIP: 10.96.0.7, selector: {app: web},' +
        ' ports: [{name: http, port: 80, targetPort: web}, {port: 53, protocol: UDP}]}}',
    );
    expect(services).toMatchObject([
      {
        namespace: 'shop',
        name: 'web',
        selector: new Map([['app', 'web']]),
        clusterIP: '10.96.0.7',
        headless: false,
        ports: [
          { name: 'http', protocol: 'TCP', port: 80, targetPort: 'web' },
          { name: undefined, protocol: 'UDP', port: 53, targetPort: 53 },
        ],
      },
    ]);
  });

  test('Services without an address are headless only if they say so', async () => {
    const service = (clusterIP: string): string =>
      `{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {${clusterIP}}}`;
    expect((await fromText(service('clusterIP: None'))).services).toMatchObject([
      { headless: true, clusterIP: undefined },
    ]);
    expect((await fromText(service(''))).services).toMatchObject([{ headless: false, clusterIP: undefined }]);
  });
});
