import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Binaries, findBinaries, KUBERNETES_VERSION } from '../../../src/lab/apiserver/binaries.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-binaries-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const program = async (file: string): Promise<string> => {
  const target = path.join(folder, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, '#!/bin/sh\n');
  await chmod(target, 0o755);
  return target;
};

const find = (env: Readonly<Record<string, string>>): Promise<Binaries> =>
  findBinaries({ env, goModule: folder, say: () => undefined });

test('binaries come from KUBEBUILDER_ASSETS first, including etcd', async () => {
  const assets = path.join(folder, 'assets');
  await program('assets/kube-apiserver');
  await program('assets/etcd');
  await program('bin/etcd');
  expect(await find({ KUBEBUILDER_ASSETS: assets, PATH: path.join(folder, 'bin') })).toEqual({
    etcd: path.join(assets, 'etcd'),
    kubeApiserver: path.join(assets, 'kube-apiserver'),
    kubectl: path.join(assets, 'kubectl'),
  });
});

test('binaries come from the user’s cache otherwise, and etcd from PATH', async () => {
  const built = `cache/portcullis/kubernetes-${KUBERNETES_VERSION}`;
  const kubeApiserver = await program(`${built}/kube-apiserver`);
  const etcd = await program('bin/etcd');
  const found = await find({
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    PATH: `/nowhere:${path.join(folder, 'bin')}`,
  });
  expect(found).toMatchObject({ etcd, kubeApiserver });
});

test('a missing etcd leads to an error that says what to install', async () => {
  await expect(find({ PATH: folder })).rejects.toThrow('etcd is not installed: apt-get install etcd-server');
});

test('KUBEBUILDER_ASSETS without kube-apiserver leads to an error, and nothing is built', async () => {
  await program('assets/etcd');
  const assets = path.join(folder, 'assets');
  await expect(find({ KUBEBUILDER_ASSETS: assets, PATH: '' })).rejects.toThrow(`${assets} holds no kube-apiserver`);
});
