import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { connectInCluster } from '../../../src/cluster/api/in-cluster.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-account-'));
  await writeFile(path.join(folder, 'token'), 'first');
  await writeFile(path.join(folder, 'ca.crt'), 'CA');
});

afterEach(async () => {
  jest.useRealTimers();
  await rm(folder, { recursive: true });
});

const authorization = async (connection: Awaited<ReturnType<typeof connectInCluster>>): Promise<string | undefined> =>
  (await connection.options()).headers?.['Authorization'];

test('an in-cluster connection uses the mounted service account, and its new token when the kubelet has replaced it', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
  const connection = await connectInCluster({ host: '10.96.0.1', port: '443', folder });
  expect(connection.server).toBe('https://10.96.0.1:443');
  expect(await connection.options()).toMatchObject({ ca: Buffer.from('CA'), rejectUnauthorized: true });
  expect(await authorization(connection)).toBe('Bearer first');
  await writeFile(path.join(folder, 'token'), 'second');
  jest.setSystemTime(Date.now() + 61_000);
  expect(await authorization(connection)).toBe('Bearer second');
});

test('an in-cluster connection puts an IPv6 address in brackets', async () => {
  expect((await connectInCluster({ host: 'fd00::1', port: '443', folder })).server).toBe('https://[fd00::1]:443');
});

test('an in-cluster connection outside of a pod fails with a message that says so', async () => {
  const connecting = connectInCluster({ host: undefined, port: undefined, folder });
  await expect(connecting).rejects.toThrow('not in a cluster: KUBERNETES_SERVICE_HOST');
});

test('an in-cluster connection without a mounted service account names the missing file', async () => {
  await rm(path.join(folder, 'token'));
  const connecting = connectInCluster({ host: '10.96.0.1', port: '443', folder });
  await expect(connecting).rejects.toThrow(`${folder}/token cannot be read`);
});
