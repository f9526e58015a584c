import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connectByKubeconfig } from '../../../src/cluster/api/kubeconfig.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-kubeconfig-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
  readonly current?: string | null;
}

const write = async ({ cluster, user, context, current = 'here' }: Parts): Promise<string> => {
  const file = path.join(folder, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    ...(current === null ? {} : { 'current-context': current }),
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', ...context } }],
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/', ...cluster } }],
    users: [{ name: 'u', user: { ...user } }],
  };
  await writeFile(file, JSON.stringify(config));
  return file;
};

describe('credentials in a kubeconfig', () => {
  test('a kubeconfig may contain certificates as data', async () => {
    const data = (text: string): string => Buffer.from(text).toString('base64');
    const connection = await connectByKubeconfig(
      await write({
        cluster: { 'certificate-authority-data': data('CA'), 'tls-server-name': 'kubernetes' },
        user: { 'client-certificate-data': data('CERT'), 'client-key-data': data('KEY') },
      }),
    );
    expect(connection.server).toBe('https://api.example:6443');
    expect(await connection.options()).toMatchObject({
      ca: Buffer.from('CA'),
      cert: Buffer.from('CERT'),
      key: Buffer.from('KEY'),
      servername: 'kubernetes',
      rejectUnauthorized: true,
    });
  });

  test('a kubeconfig may name files relative to itself, which are read again for each request', async () => {
    const file = await write({ cluster: { 'certificate-authority': 'ca.crt' } });
    await writeFile(path.join(folder, 'ca.crt'), 'old');
    const connection = await connectByKubeconfig(file);
    expect(await connection.options()).toMatchObject({ ca: Buffer.from('old') });
    await writeFile(path.join(folder, 'ca.crt'), 'new');
    expect(await connection.options()).toMatchObject({ ca: Buffer.from('new') });
  });

  test('a kubeconfig may contain a token', async () => {
    const connection = await connectByKubeconfig(await write({ user: { token: 't0' } }));
    expect((await connection.options()).headers).toEqual({ Authorization: 'Bearer t0' });
  });

  test.each(['tokenFile', 'token-file'])('a kubeconfig may name a token file (%s)', async (field) => {
    await writeFile(path.join(folder, 'token'), 't1\n');
    const connection = await connectByKubeconfig(await write({ user: { [field]: 'token' } }));
    expect((await connection.options()).headers).toEqual({ Authorization: 'Bearer t1' });
  });

  test('a kubeconfig may contain name and password, and a user to impersonate', async () => {
    const connection = await connectByKubeconfig(await write({ user: { username: 'a', password: 'b', as: 'c' } }));
    expect((await connection.options()).headers).toEqual({
      Authorization: `Basic ${Buffer.from('a:b').toString('base64')}`,
      'Impersonate-User': 'c',
    });
  });

  test('a kubeconfig may name an exec plugin', async () => {
    const status = JSON.stringify({ status: { token: 't2' } });
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: [status] };
    const connection = await connectByKubeconfig(await write({ user: { exec } }));
    expect((await connection.options()).headers).toEqual({ Authorization: 'Bearer t2' });
  });

  test('a kubeconfig may name a proxy', async () => {
    const cluster = { 'proxy-url': 'http://proxy.example:3128' };
    const connection = await connectByKubeconfig(await write({ cluster, user: { token: 't3' } }));
    const { headers, agent } = await connection.options();
    expect(headers).toEqual({ Authorization: 'Bearer t3' });
    expect(agent).toMatchObject({ proxy: { host: 'proxy.example:3128' } });
  });

  test('a kubeconfig may disable the check of the server’s certificate', async () => {
    const connection = await connectByKubeconfig(await write({ cluster: { 'insecure-skip-tls-verify': true } }));
    expect((await connection.options()).rejectUnauthorized).toBe(false);
  });
});

describe('errors of a kubeconfig', () => {
  test.each<[Parts, string]>([
    [{ current: null }, 'current-context is not set'],
    [{ current: 'there' }, 'current-context "there" is not among contexts'],
    [{ context: { cluster: 'x' } }, 'context "here" names cluster "x", which is not there'],
    [{ context: { user: 'x' } }, 'context "here" names user "x", which is not there'],
    [{ cluster: { server: 'nowhere' } }, 'cluster "c": server "nowhere" is not a URL'],
    [{ cluster: { server: '' } }, 'clusters[0].cluster.server is missing'],
  ])('an error of a kubeconfig names the file and the entry: %j', async (parts, message) => {
    const file = await write(parts);
    await expect(connectByKubeconfig(file)).rejects.toThrow(`${file}: ${message}`);
  });

  test('a missing kubeconfig is an error that names the file', async () => {
    await expect(connectByKubeconfig(path.join(folder, 'none'))).rejects.toThrow(/none: ENOENT/);
  });

  test('a kubeconfig that is not YAML is an error that names the file', async () => {
    await writeFile(path.join(folder, 'bad'), 'a: [');
    await expect(connectByKubeconfig(path.join(folder, 'bad'))).rejects.toThrow(/bad: /);
  });
});
