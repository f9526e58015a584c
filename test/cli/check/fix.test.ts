import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WRONG_POLICIES } from '../../check/wrong-policies.ts';
import { runVerbs } from '../../support/run-verbs.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-fix-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A copy of a wrong policy. */
const copyOf = async (name: string): Promise<string> => {
  const file = path.join(folder, `${name}.yaml`);
  const wrong = WRONG_POLICIES.find((each) => each.name === name);
  await cp(wrong?.file ?? '', file);
  return file;
};

describe('portcullis check --fix', () => {
  test.each([
    ['address-without-prefix', 'cidr: 203.0.113.7/32'],
    ['cidr-beside-ipblock', '    - ipBlock:\n        cidr: 172.17.0.0/16\n        except: [172.17.1.0/24]\n'],
    ['duplicate-rule', 'ingress:\n  - from: [{podSelector: {matchLabels: {app: api}}}]\n'],
    ['endport-below-port', '{port: 8000, endPort: 9000}'],
    ['endport-lower-case', 'endPort: 8010'],
    ['leading-zeros', 'cidr: 10.0.0.0/8'],
    ['matchlabel-misspelt', 'matchLabels: {app: web}'],
    ['matchlabels-beside-podselector', '    - podSelector:\n        matchLabels:\n          app: shop\n'],
    ['namespace-by-name', 'kubernetes.io/metadata.name: bank'],
    ['operator-lower-case', 'operator: Exists'],
    ['policytype-lower-case', 'policyTypes: [Ingress]'],
    ['policytypes-in-ingress', '    matchLabels: {app: web}\n  policyTypes: [Ingress]\n'],
    ['port-in-quotes', '{port: 8000}'],
    ['ports-in-the-peer', '        matchLabels: {app: shop}\n    ports:\n    - port: 8080\n'],
    ['protocol-lower-case', 'protocol: TCP'],
    ['service-port', 'port: 5432'],
    ['service-port-ingress', 'port: http'],
  ])('check --fix repairs %s', async (name, expected) => {
    const file = await copyOf(name);
    const { err, out, code } = await runVerbs('check', '--fix', file);
    expect(await readFile(file, 'utf8')).toContain(expected);
    expect(err).toMatch(new RegExp(`^[12] repairs? made in ${file}\n`));
    expect([code, out]).toEqual([0, '1 policy checked: nothing found\n']);
  });

  test.each(['split-peer', 'split-rule', 'host-bits', 'deny-that-allows', 'zero-without-prefix', 'no-dns'])(
    'check --fix does not touch %s, which the user must decide',
    async (name) => {
      const file = await copyOf(name);
      const before = await readFile(file, 'utf8');
      const { err } = await runVerbs('check', '--fix', file);
      expect(await readFile(file, 'utf8')).toBe(before);
      expect(err).toBe('0 repairs made\n');
    },
  );

  test('check --fix does not touch a text in which a moved line would mean something else', async () => {
    const file = path.join(folder, 'tricky.yaml');
    const text = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: tricky, namespace: shop}
spec:
  podSelector: {}
  ingress:
  - from:
    - podSelector: {}
      ports:
      - port: 80
    - namespaceSelector: {matchLabels: {team: red}}
`;
    await writeFile(file, text);
    expect((await runVerbs('check', '--fix', file)).code).toBe(1);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test('check --fix keeps JSON as JSON, and comments in their places', async () => {
    const json = path.join(folder, 'a.json');
    const metadata = { namespace: 'shop', name: 'web' };
    const spec = { podSelector: {}, policyTypes: ['ingress'], ingress: [{ ports: [{ port: '80', protocol: 'tcp' }] }] };
    const object = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
    await writeFile(json, JSON.stringify(object, undefined, 2));
    const yaml = await copyOf('endport-lower-case');
    await writeFile(yaml, (await readFile(yaml, 'utf8')).replace('endport: 8010', 'endport: 8010 # ten of them'));
    await runVerbs('check', '--fix', folder);
    await runVerbs('check', '--fix', json);
    const ports = [{ port: 80, protocol: 'TCP' }];
    expect(JSON.parse(await readFile(json, 'utf8'))).toEqual({
      ...object,
      spec: { ...spec, policyTypes: ['Ingress'], ingress: [{ ports }] },
    });
    expect(await readFile(yaml, 'utf8')).toContain('endPort: 8010 # ten of them\n');
  });

  test('check --fix refuses standard input, since it has no file to write', async () => {
    expect(await runVerbs('check', '--fix', '-')).toMatchObject({ code: 2, out: '' });
  });
});
