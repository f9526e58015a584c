import { randomUUID } from 'node:crypto';
import { mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { StatusReport } from '../../src/agent/status-report.ts';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { pathsOf, sampleReport, withoutKind } from '../agent/sample-report.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { waitFor } from '../support/wait-for.ts';

/** `portcullis status` asks the built agent, which listens on no TCP port. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 60_000;

const OBJECTS = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { nodeName: n1, containers: [{ name: web, image: web }] }
status: { podIP: 10.0.0.5 }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed, namespace: shop }
spec: { podSelector: {} }
`;

const outside = createCommandRunner();

let folder: string;
let namespace: string;
let socket: string;
let agent: RunningProcess;
let log: string[];

interface Answer {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

const run = (file: string, ...args: string[]): Promise<string> =>
  createCommandRunner(inNetns(namespace)).run(file, args);

const status = async (...args: string[]): Promise<Answer> => {
  try {
    const out = await outside.run(PORTCULLIS, ['status', `--status-socket=${socket}`, ...args]);
    return { code: 0, out, err: '' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { code: error.exitCode, out: error.stdout, err: error.stderr };
  }
};

const until = (what: string, isIt: (answer: Answer) => boolean, ...args: string[]): Promise<Answer> =>
  waitFor(
    what,
    DEADLINE_MS,
    async () => {
      const answer = await status(...args);
      return isIt(answer) ? answer : undefined;
    },
    () => log.join('\n'),
  );

beforeEach(async () => {
  await prepareSandbox(outside);
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-status-'));
  socket = path.join(folder, 'run', 'status.sock');
  namespace = `status-${randomUUID()}`;
  log = [];
  await outside.run('ip', ['netns', 'add', namespace]);
  const manifests = path.join(folder, 'manifests');
  await outside.run('mkdir', [manifests]);
  await writeFile(path.join(manifests, 'objects.yaml'), OBJECTS);
  const flags = ['--node-name=n1', '--drift-interval=100ms', '--iptables-backend=nft', '--listen=0'];
  const [file, ...args] = [
    ...inNetns(namespace),
    PORTCULLIS,
    'agent',
    `--manifests=${manifests}`,
    `--status-socket=${socket}`,
    ...flags,
  ] as const;
  agent = await startProcess(file, args, { output: (line) => log.push(line) });
});

afterEach(async () => {
  await cleanUp(
    () => agent.stop(),
    () => outside.run('ip', ['netns', 'delete', namespace]),
    () => removeFolder(folder),
  );
});

test('status tells that the node enforces, since when, and by which rules, in the documented fields', async () => {
  const { out } = await until('enforcement', ({ code }) => code === 0);
  expect(out).toMatch(/^node {11}n1, portcullis \S+, at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/m);
  expect(out).toMatch(/^enforcement {4}enforcing since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/m);
  expect(out).toMatch(/^pods {11}1 on this node, 1 isolated for ingress, 0 for egress; 1 in the cluster$/m);
  expect((await stat(socket)).mode & 0o777).toBe(0o600);

  const report = JSON.parse((await status('-o', 'json')).out) as StatusReport;
  const documented = new Set(pathsOf(sampleReport()).map(withoutKind));
  expect(pathsOf(report).filter((field) => !documented.has(withoutKind(field)))).toEqual([]);
  expect(report.kernel.backend).toBe('nft');
  expect(report.kernel.families[0]?.rules).toBeGreaterThan(3);
});

test('status tells who changed the rules last, once the agent has repaired them', async () => {
  await until('enforcement', ({ code }) => code === 0);
  await run('iptables-nft', '-t', 'security', '-D', 'FORWARD', '-j', 'PORTCULLIS-FORWARD');
  const { out } = await until('the drift', ({ out: text }) => text.includes('the jump to our rules is gone'));
  expect(out).toMatch(/^last drift {5}\d{4}-\S+Z/m);
});

test('status names the socket where no agent answers, and exits with 1', async () => {
  await until('enforcement', ({ code }) => code === 0);
  await agent.stop();
  expect(await status()).toMatchObject({
    code: 1,
    err: expect.stringContaining(
      `no agent answers at ${socket}: run this in the agent's pod, with its --status-socket`,
    ),
  });
});
