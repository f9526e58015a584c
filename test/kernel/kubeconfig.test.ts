import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** The code that the built agent loads on demand to read a kubeconfig; nothing listens at its server. */

const ROOT = path.join(import.meta.dirname, '../..');
const DEADLINE_MS = 60_000;

const outside = createCommandRunner();

const YAML = (cluster: string): string => `# a comment makes it YAML
apiVersion: v1
kind: Config
current-context: here
contexts: [{ name: here, context: { cluster: here, user: me } }]
clusters: [{ name: here, cluster: ${cluster} }]
users: [{ name: me, user: { token: secret } }]
`;

describe.each([
  ['from its snapshot', [path.join(ROOT, 'bin/portcullis')]],
  ['from the bundle', [process.execPath, path.join(ROOT, 'dist/portcullis.js')]],
] as const)('an agent that begins %s', (_, program) => {
  let folder: string;
  let namespace: string;
  let agent: RunningProcess | undefined;

  beforeEach(async () => {
    await prepareSandbox(outside);
    namespace = `kubeconfig-${randomUUID()}`;
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-kubeconfig-'));
    await outside.run('ip', ['netns', 'add', namespace]);
    await outside.run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
  });

  afterEach(async () => {
    await cleanUp(
      () => agent?.stop(),
      () => outside.run('ip', ['netns', 'del', namespace]),
      () => removeFolder(folder),
    );
    agent = undefined;
  });

  test.each([
    ['in YAML', '{ server: "https://127.0.0.1:1" }', '127.0.0.1:1'],
    ['with a proxy', '{ server: "https://192.0.2.1:443", proxy-url: "http://127.0.0.1:2" }', '127.0.0.1:2'],
  ])('the agent reads a kubeconfig %s', async (__, cluster, address) => {
    const kubeconfig = path.join(folder, 'kubeconfig');
    await writeFile(kubeconfig, YAML(cluster));
    const flags = ['--node-name=n1', '--listen=0', '--iptables-backend=nft', `--kubeconfig=${kubeconfig}`];
    const [file, ...args] = [...inNetns(namespace), ...program, 'agent', ...flags] as const;
    const log: string[] = [];
    agent = await startProcess(file, args, { output: (line) => log.push(line) });
    const trouble = await waitFor(
      'a word on the connection',
      DEADLINE_MS,
      () => Promise.resolve(log.find((line) => line.includes('the connection to the API server failed'))),
      () => log.join('\n'),
    );
    expect(trouble).toContain(`connect ECONNREFUSED ${address}`);
  });
});
