import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectByKubeconfig } from '../../../src/cluster/api/kubeconfig.ts';
import { asList, asObject, type RawObject } from '../../../src/cluster/raw.ts';
import type { CommandRunner } from '../../../src/kernel/command.ts';
import type { ObjectRef } from '../../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../../src/lab/apiserver/start.ts';
import { type RunningProcess, startProcess } from '../../../src/lab/process.ts';
import { prepareSandbox } from '../../../src/lab/sandbox.ts';
import { startTestApiServer } from '../../support/apiserver/start-api-server.ts';
import { cleanUp, removeFolder } from '../../support/clean-up.ts';
import { type ApiProxy, startApiProxy } from '../../support/faults/api-proxy.ts';
import { createToolShims, type ToolShims } from '../../support/faults/tool-shims.ts';
import { runVerbs } from '../../support/run-verbs.ts';
import { waitFor } from '../../support/wait-for.ts';

const PORTCULLIS = path.join(import.meta.dirname, '../../../bin/portcullis');
const DEADLINE_MS = 90_000;

/** What the surfaces of an agent say at one time. */
export interface Surfaces {
  readonly readyz: { readonly code: number; readonly text: string };
  readonly metrics: string;
  /** The condition `portcullis.io/enforced` of each pod, by name. */
  readonly conditions: ReadonlyMap<string, RawObject>;
  /** Events so far, by name: reason and how often it was sent. */
  readonly events: ReadonlyMap<string, { readonly reason: string; readonly count: number; readonly note: string }>;
  /** The log so far. */
  readonly log: readonly string[];
  /** `/status`, with the fields of `portcullis status -o json`. */
  readonly status: RawObject;
}

/** A running agent of the node n1. */
export interface ToldAgent {
  readonly process: RunningProcess;
  readonly surfaces: () => Promise<Surfaces>;
  readonly log: readonly string[];
}

/** A node with pods and their links in the sandbox's own network namespace, and a real API server behind a proxy. */
export interface ToldNode {
  readonly server: ApiServer;
  readonly proxy: ApiProxy;
  readonly shims: ToolShims;
  run(file: string, ...args: readonly string[]): Promise<string>;
  /** Creates or changes an object of the cluster. */
  apply(object: ObjectRef): Promise<void>;
  remove(ref: ObjectRef): Promise<void>;
  /** Creates a pod of the node with these addresses. */
  addPod(name: string, ...ips: readonly string[]): Promise<void>;
  removePod(name: string): Promise<void>;
  startAgent(port: number): Promise<ToldAgent>;
  close(): Promise<void>;
}

const NODE_REF: ObjectRef = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };

/** Returns a policy of the namespace shop. */
export const policyRef = (name: string, spec: object): ObjectRef =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec,
  }) as ObjectRef;

/** Links of the node: one pod's, and the uplink. `ip -batch` takes them. */
const LINKS = [
  'link set lo up',
  'link add veth7 type veth peer name eth7',
  'link set veth7 up',
  'link set eth7 up',
  'route add 10.244.1.5 dev veth7',
  'route add fd00:1:244::5 dev veth7',
  'link add up0 type veth peer name far0',
  'link set up0 up',
  'link set far0 up',
  'address add 172.18.0.11/24 dev up0',
  'route add default via 172.18.0.1 dev up0',
];
const UNLINKED = ['link del veth7', 'link del up0'];

const conditionIn = (pod: RawObject): RawObject =>
  asObject(
    asList(asObject(pod['status'])['conditions'])
      .map(asObject)
      .find(({ type }) => type === 'portcullis.io/enforced') ?? {},
  );

const listOf = async (server: ApiServer, url: string): Promise<readonly RawObject[]> =>
  asList(asObject(await server.admin.get(url))['items']).map(asObject);

const nameOf = (object: RawObject): string => String(asObject(object['metadata'])['name']);

const fetchText = async (port: number, about: string): Promise<{ readonly code: number; readonly text: string }> => {
  const answer = await fetch(`http://127.0.0.1:${port}/${about}`);
  return { code: answer.status, text: await answer.text() };
};

export const openToldNode = async (runner: CommandRunner): Promise<ToldNode> => {
  await prepareSandbox(runner);
  const ip = (lines: readonly string[]): Promise<string> =>
    runner.run('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n` });
  await ip(LINKS);
  const server = await startTestApiServer();
  const proxy = await startApiProxy(() => connectByKubeconfig(server.kubeconfigPath));
  const shims = await createToolShims();
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-told-'));
  const kubeconfig = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfig, proxy.kubeconfig);
  const agents: ToldAgent[] = [];
  await server.admin.create(NODE_REF);
  await server.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });

  const surfacesOf = async (port: number, socket: string, log: readonly string[]): Promise<Surfaces> => {
    const [readyz, metrics, status, report, pods, events, own] = await Promise.all([
      fetchText(port, 'readyz'),
      fetchText(port, 'metrics'),
      fetchText(port, 'status'),
      runVerbs('status', '-o', 'json', `--status-socket=${socket}`),
      listOf(server, '/api/v1/namespaces/shop/pods'),
      listOf(server, '/apis/events.k8s.io/v1/namespaces/default/events'),
      listOf(server, '/apis/events.k8s.io/v1/namespaces/shop/events'),
    ]);
    return {
      readyz,
      metrics: metrics.text,
      conditions: new Map(pods.map((pod) => [nameOf(pod), conditionIn(pod)])),
      events: new Map(
        [...events, ...own].map((event) => [
          nameOf(event),
          {
            reason: String(event['reason']),
            count: Number(asObject(event['series'])['count'] ?? 1),
            note: String(event['note']),
          },
        ]),
      ),
      log: [...log],
      status: { ...asObject(JSON.parse(status.text)), ...asObject(JSON.parse(report.out)) },
    };
  };

  return {
    server,
    proxy,
    shims,
    run: (file, ...args) => runner.run(file, args),
    async apply(object) {
      await server.admin.apply(object);
    },
    remove: (ref) => server.admin.delete(ref),
    async addPod(name, ...ips) {
      const ref = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'shop', labels: { app: name } },
        spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'none' }] },
      };
      await server.admin.create(ref);
      await server.admin.patchStatus(ref, {
        podIP: ips[0],
        podIPs: ips.map((each) => ({ ip: each })),
        phase: 'Running',
      });
    },
    removePod: (name) => server.admin.delete({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' } }),
    async startAgent(port) {
      const lines: string[] = [];
      const socket = path.join(folder, `status-${port}.sock`);
      const args = [
        'agent',
        `--kubeconfig=${kubeconfig}`,
        '--node-name=n1',
        `--listen=127.0.0.1:${port}`,
        `--status-socket=${socket}`,
        '--iptables-backend=nft',
        '--drift-interval=200ms',
        '--log-format=text',
        '--cni-results=0',
      ];
      // /sys of its own, so that it has the links of this network namespace.
      const prefix = ['--mount', 'sh', '-c', 'mount -t sysfs sysfs /sys && exec "$0" "$@"'];
      const process = await startProcess('unshare', [...prefix, PORTCULLIS, ...args], {
        env: { PATH: shims.path },
        output: (line) => lines.push(line),
      });
      const agent: ToldAgent = { process, log: lines, surfaces: () => surfacesOf(port, socket, lines) };
      agents.push(agent);
      await waitFor(
        'the status of the agent',
        DEADLINE_MS,
        () => agent.surfaces().catch(() => undefined),
        () => lines.join('\n'),
      );
      return agent;
    },
    close: () =>
      cleanUp(
        () => Promise.all(agents.map((agent) => agent.process.stop())),
        () => runner.run(PORTCULLIS, ['cleanup']),
        () => ip(UNLINKED),
        () => proxy.close(),
        () => server.stop(),
        () => shims.close(),
        () => removeFolder(folder),
      ),
  };
};
