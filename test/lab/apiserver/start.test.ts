import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { findBinaries } from '../../../src/lab/apiserver/binaries.ts';
import { startTestApiServer } from '../../support/apiserver/start-api-server.ts';

// Each start takes seconds, on a busy machine more.
jest.setTimeout(180_000);

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('the API server serves kubectl at the given address, and leaves nothing behind', async () => {
  const server = await startTestApiServer({ address: '127.0.0.2' });
  try {
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.2:\d+$/);
    const { kubectl } = await findBinaries({ env: process.env, goModule: '', say: () => undefined });
    const args = ['--kubeconfig', server.kubeconfigPath, 'get', 'namespace', 'default', '-o', 'name'];
    expect(await createCommandRunner().run(kubectl, args)).toBe('namespace/default\n');
  } finally {
    await server.stop();
  }
  expect(isRunning(server.pid())).toBe(false);
  await expect(readdir(path.dirname(server.kubeconfigPath))).rejects.toThrow('ENOENT');
});

test('an unknown flag of kube-apiserver is reported in its own words', async () => {
  await expect(startTestApiServer({ extraArgs: ['--no-such-flag'] })).rejects.toThrow(
    /^kube-apiserver ended with exit code 1; its last words:\n[^]*unknown flag: --no-such-flag/,
  );
});

test('an address of another machine is an error', async () => {
  await expect(startTestApiServer({ address: '192.0.2.1' })).rejects.toThrow('EADDRNOTAVAIL');
});
