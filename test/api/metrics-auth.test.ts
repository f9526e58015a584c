import { mkdtemp, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { createTokenReview } from '../../src/cluster/access/token-review.ts';
import type { Connect } from '../../src/cluster/api/connection.ts';
import { createConnection } from '../../src/cluster/api/credentials.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startProcess } from '../../src/lab/process.ts';
import { createTokenAccess } from '../../src/telemetry/access.ts';
import { serveTelemetry, type TelemetryServer } from '../../src/telemetry/server.ts';
import { readText } from '../manifests/objects.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { selfSigned } from '../support/certificate.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** Access to metrics, decided by a real API server. */

jest.setTimeout(180_000);

const SERVICE_ACCOUNTS = 'system:serviceaccount:kube-system';
const TOKENS = [
  { token: 'agent', user: `${SERVICE_ACCOUNTS}:portcullis`, groups: [] },
  { token: 'powerless-agent', user: 'powerless', groups: [] },
  { token: 'reader', user: `${SERVICE_ACCOUNTS}:prometheus`, groups: ['scrapers'] },
  { token: 'stranger', user: 'stranger', groups: [] },
];

const COMPONENT = path.join(import.meta.dirname, '../../manifests/components/metrics-auth');
const manifest = (file: string): ObjectRef => parse(readText(COMPONENT, file)) as ObjectRef;

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');

const certificate = selfSigned('portcullis');

let api: ApiServer;
let folder: string;
let server: TelemetryServer;
let troubles: (string | undefined)[];
const opened: TelemetryServer[] = [];

const connectAs =
  (token: string): Connect =>
  () =>
    Promise.resolve(
      createConnection(
        { name: 'test', server: api.url, caData: Buffer.from(api.ca).toString('base64'), skipTLSVerify: false },
        { name: 'test', token },
      ),
    );

const serveAs = async (token: string): Promise<TelemetryServer> => {
  const serving = await serveTelemetry(
    { host: '127.0.0.1', port: 0 },
    {
      metrics: () => Promise.resolve({ contentType: 'text/plain', text: 'portcullis_ready 1\n' }),
      health: () => ({ ok: true, reason: 'ok' }),
      ready: () => ({ ok: true, reason: 'ok' }),
      status: () => ({ node: 'n1' }),
    },
    {
      access: createTokenAccess({
        review: createTokenReview(connectAs(token)),
        now: () => performance.now(),
        onTrouble: (trouble) => troubles.push(trouble),
      }),
      tls: {
        files: { cert: path.join(folder, 'tls.crt'), key: path.join(folder, 'tls.key') },
        onTrouble: () => undefined,
      },
    },
  );
  opened.push(serving);
  return serving;
};

beforeAll(async () => {
  troubles = [];
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-metrics-'));
  await writeFile(path.join(folder, 'tls.crt'), certificate.cert);
  await writeFile(path.join(folder, 'tls.key'), certificate.key);
  api = await startTestApiServer({ tokens: TOKENS });
  const reader = manifest('reader.yaml');
  await api.admin.apply(manifest('cluster-role.yaml'));
  await api.admin.apply(manifest('cluster-role-binding.yaml'));
  await api.admin.apply(reader);
  await api.admin.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'scrapers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: reader.metadata.name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'scrapers' }],
  } as ObjectRef);
  server = await serveAs('agent');
});

afterAll(async () => {
  await cleanUp(
    () => Promise.all(opened.map((each) => each.close())),
    () => api.stop(),
    () => removeFolder(folder),
  );
});

const ask = (
  where: string,
  token?: string,
  { url }: Pick<TelemetryServer, 'url'> = server,
): Promise<{ readonly status: number; readonly body: string; readonly challenge: string | undefined }> =>
  new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    get(`${url}${where}`, { ca: certificate.cert, agent: false, headers }, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      text(response).then((body) => {
        resolve({ status, body, challenge: answered['www-authenticate'] });
      }, reject);
    }).on('error', reject);
  });

/** The API server's RBAC uses new bindings a moment later. */
const settled = async (): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    const review = createTokenReview(connectAs('agent'));
    if ((await review('reader', '/metrics').catch(() => 'forbidden')) === 'allowed') return;
  }
};

test('the agent reviews tokens and serves over TLS as configured', async () => {
  const lines: string[] = [];
  const agent = await startProcess(
    PORTCULLIS,
    [
      'agent',
      `--kubeconfig=${api.kubeconfigPath}`,
      ...['--node-name=n1', '--listen=127.0.0.1:0', '--metrics-auth=kubernetes'],
      ...[`--tls-cert=${path.join(folder, 'tls.crt')}`, `--tls-key=${path.join(folder, 'tls.key')}`],
    ],
    { output: (line) => lines.push(line) },
  );
  try {
    const served = (): Promise<string | undefined> =>
      Promise.resolve(/"url":"(https:[^"]+)"/.exec(lines.join('\n'))?.[1]);
    const url = await waitFor('the agent to listen', 60_000, served, () => lines.join('\n'));
    const ready = async (): Promise<true | undefined> =>
      (await ask('/readyz', undefined, { url })).status === 200 || undefined;
    await waitFor('the agent to be ready', 60_000, ready, () => lines.join('\n'));
    expect((await ask('/metrics', 'reader', { url })).body).toContain('portcullis_ready 1');
    expect(await ask('/metrics', 'stranger', { url })).toMatchObject({ status: 403 });
    expect(await ask('/status', undefined, { url })).toMatchObject({ status: 401 });
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow();
  } finally {
    await agent.stop();
    await createCommandRunner().run(PORTCULLIS, ['cleanup']);
  }
});

describe('metrics behind the authentication and authorisation of a cluster', () => {
  beforeAll(settled);

  test.each(['/metrics', '/status'])('a token needs the right to get %s', async (where) => {
    expect(await ask(where, 'reader')).toMatchObject({ status: 200 });
    expect(await ask(where, 'stranger')).toMatchObject({ status: 403, body: `this token may not get ${where}\n` });
    expect(await ask(where, 'made-up')).toMatchObject({ status: 401, challenge: 'Bearer' });
    expect(await ask(where)).toMatchObject({ status: 401, challenge: 'Bearer' });
  });

  test.each(['/healthz', '/readyz'])('%s needs no token', async (where) => {
    expect(await ask(where)).toMatchObject({ status: 200, body: 'ok\n' });
  });

  test('the agent’s own token can review tokens but cannot read metrics', async () => {
    expect(await ask('/metrics', 'agent')).toMatchObject({ status: 403 });
  });

  test('without the right to review tokens, all requests are denied with a message that says what to do', async () => {
    troubles = [];
    const powerless = await serveAs('powerless-agent');
    expect(await ask('/metrics', 'reader', powerless)).toMatchObject({ status: 503 });
    expect(troubles).toEqual([expect.stringContaining('create on tokenreviews and subjectaccessreviews')]);
  });

  test('without an API server, new tokens are denied, known ones still work, and health is open', async () => {
    await ask('/metrics', 'reader');
    await api.halt();
    try {
      troubles = [];
      expect(await ask('/metrics', 'other')).toMatchObject({ status: 503 });
      expect(await ask('/metrics', 'reader')).toMatchObject({ status: 200 });
      expect(await ask('/healthz')).toMatchObject({ status: 200 });
      expect(troubles).toHaveLength(1);
    } finally {
      await api.resume();
    }
    expect(await ask('/status', 'stranger')).toMatchObject({ status: 403 });
  });
});
