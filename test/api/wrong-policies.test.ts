import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { SEVERITY } from '../../src/check/finding.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { WRONG_POLICIES } from '../check/wrong-policies.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { kubectlPath } from '../manifests/objects.ts';

/** Verifies what check claims about the API server and kubectl with the programs themselves. */

const NAMESPACES = ['shop', 'shpo'];

let server: ApiServer;
let kubectl: (input: string, ...args: readonly string[]) => Promise<string>;

beforeAll(async () => {
  server = await startTestApiServer();
  const program = await kubectlPath();
  const { run } = createCommandRunner();
  kubectl = (input, ...args) =>
    run(program, [`--kubeconfig=${server.kubeconfigPath}`, 'create', '--dry-run=server', '-f', '-', ...args], {
      input,
    });
  await waitFor('kube-system', 60_000, () =>
    server.admin.get('/api/v1/namespaces/kube-system').then(
      () => true as const,
      () => undefined,
    ),
  );
  for (const name of NAMESPACES) {
    await server.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
});

afterAll(async () => {
  await server.stop();
});

/** The texts of the NetworkPolicies of a manifest. */
const policiesIn = (text: string): string =>
  parseAllDocuments(text, { uniqueKeys: false })
    .filter((document) => document.get('kind') === 'NetworkPolicy')
    .map(String)
    .join('---\n');

const isError = (find: string): boolean => {
  const [code = ''] = find.split(' ');
  return SEVERITY[code as keyof typeof SEVERITY] === 'error';
};

/** What the loader cannot take says nothing of the API server. */
const ABOUT_POLICIES = WRONG_POLICIES.filter(
  ({ text, finds }) => policiesIn(text) !== '' && !finds.some((find) => find.startsWith('manifest')),
);

describe('what check calls an error, kubectl and the API server refuse', () => {
  test.each(ABOUT_POLICIES.filter(({ finds }) => finds.some(isError)))(
    'the API server or kubectl refuses what check calls an error: $name',
    async ({ text }) => {
      await expect(kubectl(policiesIn(text))).rejects.toThrow();
    },
  );
});

describe('what check warns of, they take', () => {
  test.each(ABOUT_POLICIES.filter(({ finds }) => !finds.some(isError)))(
    'the API server accepts what check only warns of: $name',
    async ({ text }) => {
      await expect(kubectl(policiesIn(text))).resolves.toContain('created');
    },
  );
});

describe('without strict field validation', () => {
  test.each(
    ABOUT_POLICIES.filter(({ finds }) => finds.every((find) => find.startsWith('unknown-field spec.podSelector'))),
  )('the API server stores the policy of $name without the field', async ({ text }) => {
    const stored = JSON.parse(await kubectl(policiesIn(text), '--validate=ignore', '-o', 'json')) as {
      readonly spec: { readonly podSelector: object };
    };
    expect(Object.keys(stored.spec.podSelector).filter((key) => key !== 'matchLabels')).toEqual([]);
  });
});

const policy = (name: string, spec: object): ObjectRef =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name },
    spec,
  }) as ObjectRef;

test('kubectl keeps the last of two equal keys', async () => {
  const { text = '' } = WRONG_POLICIES.find(({ name }) => name === 'key-twice') ?? {};
  const stored = JSON.parse(await kubectl(text, '-o', 'json')) as object;
  expect(stored).toMatchObject({ spec: { podSelector: { matchLabels: { run: 'nginx2' } } } });
});

test('a policy that is too large for Portcullis is created', async () => {
  const from = Array.from({ length: 200 }, (_, at) => ({ podSelector: { matchLabels: { app: `a${at}` } } }));
  const ports = Array.from({ length: 2_000 }, (_, at) => ({ port: 1 + 2 * at, protocol: 'TCP' }));
  const stored = await server.admin.create(policy('large', { podSelector: {}, ingress: [{ from, ports }] }));
  expect(stored.metadata.uid).not.toBe('');
});

test('an empty item of a list of rules is stored as one that allows everything', async () => {
  const stored = await server.admin.create(policy('null', { podSelector: {}, ingress: [null] }));
  expect(stored).toMatchObject({ spec: { ingress: [{}] } });
});
