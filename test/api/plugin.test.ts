import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { type FlowServer, serveFlows } from '../../src/agent/flow-server.ts';
import { PLUGIN_VERBS } from '../../src/cli/plugin/verbs.ts';
import { KUBECTL_PORTCULLIS, runCli } from '../../src/cli/run-cli.ts';
import type { ExitCode } from '../../src/cli/verb.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { isWanted } from '../../src/records/filter.ts';
import { FLOWS_SOCKET } from '../../src/records/flow-request.ts';
import type { StoredFlow } from '../../src/records/record.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { removeFolder } from '../support/clean-up.ts';
import { waitFor } from '../support/wait-for.ts';

/**
 * `kubectl portcullis` with a real API server and real sockets of agents. There is no kubelet here, so a program stands for
 * `kubectl exec` that runs the command line on this machine; e2e/specs/plugin.test.ts has the real one.
 */

jest.setTimeout(300_000);

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts');
const LABELS = { 'app.kubernetes.io/name': 'portcullis', 'app.kubernetes.io/component': 'agent' };

let server: ApiServer;
let folder: string;
let kubectl: string;
const servers = new Map<string, FlowServer>();
let watchers = 0;

const pod = (name: string, workload: string, address: string) =>
  ({ kind: 'pod', address, namespace: 'shop', name, workload }) as const;

const flow = (node: string, second: number, more: Partial<StoredFlow> = {}): StoredFlow => ({
  at: `2026-11-30T10:00:0${second}.000Z`,
  since: `2026-11-30T10:00:0${second}.000Z`,
  count: 1,
  node,
  verdict: 'allowed',
  source: pod('api', 'Deployment/api', '10.244.1.2'),
  destination: pod('web', 'Deployment/web', '10.244.1.3'),
  protocol: 'TCP',
  port: 8080,
  policies: [],
  ...more,
});

const serve = async (name: string, node: string, flows: readonly StoredFlow[]): Promise<void> => {
  await mkdir(path.join(folder, name));
  const status = {
    ...{ node, group: 1, heard: 0, lost: 0, notKept: undefined, edges: flows.length, bytes: 0 },
    ...{ resolution: '5 minutes' as const, forgotten: 0, since: '2026-11-30T09:00:00.000Z' },
  };
  const started = await serveFlows(
    path.join(folder, name, FLOWS_SOCKET),
    ({ watch, filter }) => {
      const wanted = watch ? [] : flows.filter((each) => isWanted(each, filter));
      return Promise.resolve([{ status }, ...wanted.map((each) => ({ flow: each }))]);
    },
    () => {
      watchers += 1;
      return () => {
        watchers -= 1;
      };
    },
  );
  servers.set(name, started);
};

const create = (object: object): Promise<unknown> => server.admin.create(object as ObjectRef);

const createPod = async (
  namespace: string,
  name: string,
  { labels, node, ip }: { labels: object; node: string; ip: string },
): Promise<void> => {
  const metadata = { namespace, name, labels };
  const containers = [
    {
      name: 'c',
      image: 'none',
      env: [{ name: 'PASSWORD', value: 'correct-horse' }],
      ports: [{ name: 'http', containerPort: 8080 }],
    },
  ];
  await create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: node, containers } });
  const conditions = [{ type: 'Ready', status: 'True' }];
  const status = { podIP: ip, podIPs: [{ ip }], hostIP: '192.0.2.1', phase: 'Running', conditions };
  await server.admin.patchStatus({ apiVersion: 'v1', kind: 'Pod', metadata }, status);
};

/** Waits for a condition. */
const until = (holds: () => boolean): Promise<true> =>
  waitFor('the condition', 120_000, () => Promise.resolve(holds() ? true : undefined));

/** A program in the place of kubectl: `exec` and `logs` are played, everything else is kubectl's own. */
const standIn = (real: string): string => `#!/bin/sh
KUBECONFIG=${server.kubeconfigPath}
export KUBECONFIG
case " $* " in
*" exec "*)
  while [ "$1" != -- ]; do pod=$1; shift; done
  shift 2
  case $pod in
  *-n3) exec sleep 600 ;;
  *-n4) echo "error: unknown option '--shiny'" >&2; exit 2 ;;
  esac
  PORTCULLIS_RECORDS_DIR=${folder}/$pod PORTCULLIS_KUBECTL_PLUGIN= exec ${process.execPath} --disable-warning=ExperimentalWarning ${MAIN} "$@"
  ;;
*" logs "*) echo "a line of the log" ;;
*) exec ${real} "$@" ;;
esac
`;

beforeAll(async () => {
  server = await startTestApiServer();
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-plugin-'));
  for (const name of ['shop', 'agents']) {
    await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: name, name: 'default' } });
  }
  await createPod('shop', 'api', { labels: { app: 'api' }, node: 'n1', ip: '10.244.1.2' });
  await createPod('shop', 'web', { labels: { app: 'web' }, node: 'n1', ip: '10.244.1.3' });
  for (const node of ['n1', 'n2', 'n3', 'n4', 'n5']) {
    await create({ apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
    if (node !== 'n5') await createPod('agents', `agent-${node}`, { labels: LABELS, node, ip: '192.0.2.7' });
  }
  await serve('agent-n1', 'n1', [flow('n1', 1), flow('n1', 4)]);
  await serve('agent-n2', 'n2', [flow('n2', 3), flow('n2', 2)]);
  const runner = createCommandRunner();
  const real = (await runner.run('sh', ['-c', 'command -v kubectl'])).trim();
  kubectl = path.join(folder, 'kubectl');
  await writeFile(kubectl, standIn(real), { mode: 0o755 });
});

afterAll(async () => {
  for (const each of servers.values()) await each.close();
  await server.stop();
  await removeFolder(folder);
});

const environment = () => ({ KUBECTL: kubectl, PORTCULLIS_KUBECTL_PLUGIN: '1' });

interface Run {
  out: string;
  err: string;
  readonly code: Promise<ExitCode>;
}

const start = (...args: readonly string[]): Run => {
  const said = { out: '', err: '' };
  const io = {
    env: environment(),
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
  };
  return Object.assign(said, { code: runCli(args, io, PLUGIN_VERBS, KUBECTL_PORTCULLIS) });
};

const run = async (...args: readonly string[]) => {
  const started = start(...args);
  const code = await started.code;
  return { code, out: started.out, err: started.err };
};

const ANSWERING = ['--node', 'n1', '--node', 'n2', '--timeout', '60s'] as const;

describe('kubectl portcullis', () => {
  test('flows of all nodes come in order of time, and nodes that do not answer are named with the reason', async () => {
    const { code, out, err } = await run('flows', '-o', 'json', '--timeout', '20s');
    const { nodes, flows } = JSON.parse(out) as { nodes: { node: string; version?: string }[]; flows: StoredFlow[] };
    expect(flows.map(({ node, at }) => `${node} ${at.slice(17, 19)}`)).toEqual(['n1 01', 'n2 02', 'n2 03', 'n1 04']);
    expect(code).toBe(1);
    expect(err.split('\n').filter((line) => line.includes('did not answer'))).toEqual([
      'note: n3 did not answer: no answer in time',
      `note: n4 did not answer: its agent is older than this plugin: it answers "unknown option '--shiny'"`,
      'note: n5 did not answer: it has no agent: no policy is enforced there',
    ]);
    expect(nodes.map(({ node, version }) => [node, version])).toEqual([
      ['n1', packageJson.version],
      ['n2', packageJson.version],
      ...['n3', 'n4', 'n5'].map((node) => [node, undefined]),
    ]);
  });

  test('the exit code is 0 if all wanted nodes answered; filters go to the agents', async () => {
    const { code, out, err } = await run('flows', ...ANSWERING, '--denied');
    expect([code, out, err]).toEqual([0, '', 'no flows\n']);
  });

  test('a node that does not exist is wrong usage', async () => {
    expect(await run('flows', '--node', 'n9')).toMatchObject({
      code: 2,
      err: 'kubectl portcullis flows: --node n9: the cluster has no such node\n',
    });
  });

  test('flows -w shows what comes on all nodes, and tells when a stream has ended', async () => {
    const watching = start('flows', '-w', '-o', 'json', ...ANSWERING);
    await until(() => watchers === 2);
    for (const name of ['agent-n1', 'agent-n2'])
      servers.get(name)?.tell(flow(name.slice(-2), name.endsWith('2') ? 5 : 6));
    await until(() => watching.out.split('\n').length === 3);
    const lines = watching.out.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as StoredFlow).node)).toEqual(expect.arrayContaining(['n1', 'n2']));
    for (const name of ['agent-n1', 'agent-n2']) {
      await servers.get(name)?.close();
      await removeFolder(path.join(folder, name));
      await serve(name, name.slice(-2), [flow(name.slice(-2), 1)]);
    }
    expect(await watching.code).toBe(1);
    expect(watching.err).toContain('note: n1: its stream has ended');
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('the streams end with the plugin, also by %s', async (signal) => {
    const args = ['--disable-warning=ExperimentalWarning', MAIN, 'flows', '-w', ...ANSWERING];
    const plugin: ChildProcess = spawn(process.execPath, args, {
      env: { ...process.env, ...environment() },
      stdio: 'ignore',
    });
    await until(() => watchers === 2);
    plugin.kill(signal);
    await once(plugin, 'exit');
    await until(() => watchers === 0);
  });

  test('suggest makes policies of the flows of all nodes and of the cluster', async () => {
    const { code, out } = await run('suggest', ...ANSWERING, '-n', 'shop');
    expect(code).toBe(0);
    expect(out).toContain('#   n1 since 2026-11-30T09:00:00.000Z');
    expect(out).toContain('name: suggested-web');
    const incomplete = await run('suggest', '-n', 'shop', '--timeout', '20s');
    expect(incomplete.code).toBe(1);
    expect(incomplete.out).toContain('# Nodes that did not answer: nothing is known of them.');
  });

  test.each([
    ['matrix', ['-n', 'shop'], 'shop/web'],
    ['explain', ['shop/api', 'shop/web:8080'], 'allowed'],
    ['render', ['--node', 'n1'], '# iptables-restore'],
    ['check', ['-n', 'shop'], ''],
    ['diff', ['cluster', 'cluster'], ''],
  ])('%s reads the cluster where no manifests are given', async (verb, args, words) => {
    const { code, out, err } = await run(verb, ...args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(words);
  });

  test('--context chooses another context of the kubeconfig, and an error names one that is not there', async () => {
    const { code, err } = await run('matrix', '--context', 'elsewhere');
    expect([code, err]).toEqual([1, expect.stringContaining('elsewhere')]);
  });

  test('support writes a bundle that lists what is in it, and has no secrets', async () => {
    const target = path.join(folder, 'bundle');
    const { code, out } = await run('support', target, ...ANSWERING);
    // The agents of this test know no status.
    expect(code).toBe(1);
    expect(out).toContain('cluster.json: namespaces with labels');
    const contents = await readFile(path.join(target, 'CONTENTS.txt'), 'utf8');
    const names = [...contents.matchAll(/^(\S+\.(?:json|log|txt)): /gm)].map(([, name = '']) => name);
    expect(names).toEqual(
      expect.arrayContaining(['agents.json', 'cluster.json', 'flows/n1.json', 'logs/n2.log', 'errors.txt']),
    );
    const whole = await Promise.all(names.map((name) => readFile(path.join(target, name), 'utf8')));
    expect(whole.join('\n')).not.toContain('correct-horse');
    const { code: readable } = await run('matrix', '-f', path.join(target, 'cluster.json'), '-n', 'shop');
    expect(readable).toBe(0);
  });

  test('support writes an archive where the name says so', async () => {
    const target = path.join(folder, 'bundle.tar.gz');
    await run('support', target, ...ANSWERING);
    const listing = await createCommandRunner().run('tar', ['-tzf', target]);
    expect(listing).toContain('bundle/CONTENTS.txt\n');
  });

  test('the help begins with kubectl portcullis', async () => {
    expect((await run('--help')).out).toMatch(/^Usage: kubectl portcullis VERB/);
    expect((await run('flows', '--help')).out).toMatch(/^Usage: kubectl portcullis flows/);
  });
});
