import { mkdir, mkdtemp, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { builtGo } from '../support/build-go.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { cniResultFile, cniResultText } from '../support/cni/cni-result.ts';
import { waitFor } from '../support/wait-for.ts';

/** The built agent, the CNI plugin started like by a runtime, and the kernel. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const SOURCES = fileURLToPath(new URL('../../cni-plugin', import.meta.url));
const DEADLINE_MS = 60_000;
const BUILD_MS = 300_000;
const FLAGS = ['--node-name=n1', '--drift-interval=1h', '--iptables-backend=nft', '--log-format=text'];

/** Manifests have no uid; it is `shop/NAME`. */
const pod = (name: string, labels = '{}'): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: ${labels} }
spec: { nodeName: n1, containers: [{ name: web, image: web }] }
status: {}
`;

const DENY = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny, namespace: shop }
spec: { podSelector: { matchLabels: { app: closed } }, policyTypes: [Ingress, Egress] }
`;

const outside = createCommandRunner();
let plugin: string;
let folder: string;
let namespace: string;
let agent: RunningProcess | undefined;
let log: string[];

const socket = (): string => path.join(folder, 'cni.sock');
const run = (file: string, ...args: string[]): Promise<string> =>
  createCommandRunner(inNetns(namespace)).run(file, args);

const startAgent = async (): Promise<void> => {
  const sources = [`--manifests=${path.join(folder, 'state')}`, `--cni-results=${path.join(folder, 'results')}`];
  const flags = [...sources, `--cni-socket=${socket()}`, ...FLAGS];
  const [file, ...args] = [...inNetns(namespace), PORTCULLIS, 'agent', ...flags] as const;
  agent = await startProcess(file, args, { output: (line) => log.push(line) });
};

const untilAnswered = (): Promise<unknown> =>
  waitFor(
    'the plugin is answered',
    DEADLINE_MS,
    () => Promise.resolve(log.some((line) => line.includes('the CNI plugin is answered')) || undefined),
    () => log.join('\n'),
  );

interface Call {
  readonly command?: 'ADD' | 'DEL';
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly address: string;
  readonly hostInterface?: string;
  readonly deadline?: string;
}

const resultOf = ({ address, hostInterface = 'veth1' }: Call): object => ({
  cniVersion: '1.0.0',
  interfaces: [{ name: hostInterface }, { name: 'eth0', mac: '02:00:00:00:00:02', sandbox: '/ns' }],
  ips: [{ interface: 1, address: `${address}/24` }],
});

/** Starts the plugin as containerd does. @returns its result, or the error that it prints */
const call = async (what: Call): Promise<unknown> => {
  const { command = 'ADD', namespace: of = 'shop', name, uid = `${of}/${name}`, deadline = '20s' } = what;
  const conf = {
    cniVersion: '1.0.0',
    name: 'pods',
    type: 'portcullis',
    socket: socket(),
    deadline,
    exemptNamespaces: ['kube-system'],
    uninstall: '/opt/cni/bin/portcullis uninstall',
    prevResult: resultOf(what),
  };
  const variables = [
    `CNI_COMMAND=${command}`,
    `CNI_CONTAINERID=container-of-${name}`,
    'CNI_NETNS=/ns',
    'CNI_IFNAME=eth0',
    `CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=${of};K8S_POD_NAME=${name};K8S_POD_INFRA_CONTAINER_ID=x;K8S_POD_UID=${uid}`,
  ];
  const runner = createCommandRunner([...inNetns(namespace), 'env', ...variables]);
  // A plugin that fails prints the reason on its standard output.
  const text = await runner.run('sh', ['-c', '"$0" || :', plugin], {
    input: JSON.stringify(conf),
    timeoutMs: DEADLINE_MS,
  });
  return text === '' ? undefined : JSON.parse(text);
};

const chains = (): Promise<string> => run('iptables-nft-save', '-t', 'security');

const members = async (set: string): Promise<readonly string[]> =>
  (await run('ipset', 'save'))
    .split('\n')
    .filter((line) => line.startsWith(`add ${set} `))
    .map((line) => line.split(' ')[2] ?? '')
    .toSorted();

/** Returns the addresses whose traffic goes to a chain of its own at this moment. */
const governed = (): Promise<readonly string[]> => members('portcullis-4-governed');

beforeAll(async () => {
  plugin = await builtGo(SOURCES, 'cni-plugin');
}, BUILD_MS);

beforeEach(async () => {
  await prepareSandbox(outside);
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-cni-'));
  await mkdir(path.join(folder, 'state'));
  await mkdir(path.join(folder, 'results'));
  await writeFile(path.join(folder, 'state', 'policy.yaml'), DENY);
  await writeFile(path.join(folder, 'state', 'closed.yaml'), pod('closed', '{ app: closed }'));
  await writeFile(path.join(folder, 'state', 'free.yaml'), pod('free'));
  namespace = `cni-${path.basename(folder).slice(-6)}`;
  await outside.run('ip', ['netns', 'add', namespace]);
  await run('ip', 'link', 'set', 'lo', 'up');
  for (const name of ['veth1', 'veth2', 'veth3'])
    await run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-pod`);
  log = [];
});

afterEach(async () => {
  await cleanUp(
    async () => agent?.stop(),
    () => outside.run('ip', ['netns', 'delete', namespace]),
    () => removeFolder(folder),
  );
  agent = undefined;
});

describe('ADD with a working agent', () => {
  beforeEach(async () => {
    await startAgent();
    await untilAnswered();
  });

  test('ADD returns its result once the pod’s policies are in force, and not before', async () => {
    const what = { name: 'closed', address: '10.0.0.3' };
    expect(await call(what)).toEqual(resultOf(what));
    expect(await governed()).toEqual(['10.0.0.3']);
    expect(await chains()).toMatch(/-A PORTCULLIS-INGRESS .*-d 10\.0\.0\.3\/32 .*-g PORTCULLIS-I-/);
  });

  test('ADD of many pods at once is answered for each', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `many-${String(at)}`);
    const addresses = names.map((_, at) => `10.0.1.${String(at + 1)}`);
    for (const name of names) await writeFile(path.join(folder, 'state', `${name}.yaml`), pod(name, '{ app: closed }'));
    const results = await Promise.all(names.map((name, at) => call({ name, address: addresses[at] ?? '' })));
    expect(results.map((result) => (result as { readonly cniVersion?: string }).cniVersion)).toEqual(
      names.map(() => '1.0.0'),
    );
    expect(await governed()).toEqual(addresses.toSorted());
  });

  test('ADD of a pod that no policy selects lets it start, and closes nothing', async () => {
    const what = { name: 'free', address: '10.0.0.4' };
    expect(await call(what)).toEqual(resultOf(what));
    expect(await governed()).toEqual([]);
  });

  test('ADD of an unknown pod closes it until it is known', async () => {
    await call({ name: 'late', address: '10.0.0.5' });
    expect(await governed()).toEqual(['10.0.0.5']);
    expect(await chains()).toContain('10.0.0.5/32');
    await writeFile(path.join(folder, 'state', 'late.yaml'), pod('late'));
    await waitFor(
      'the pod is open',
      DEADLINE_MS,
      // A stale set is destroyed later.
      async () => !(await chains()).includes('10.0.0.5/32') || undefined,
      () => log.join('\n'),
    );
  });

  test('DEL withdraws the announcement of ADD, and the runtime’s own result replaces it', async () => {
    const one = { name: 'late', address: '10.0.0.5', hostInterface: 'veth2' };
    const other = { name: 'other', address: '10.0.0.6', hostInterface: 'veth3' };
    await call(one);
    await call(other);
    const noted = { uid: 'shop/late', addresses: ['10.0.0.5/24'], container: 'late', result: resultOf(one) };
    await writeFile(path.join(folder, 'results', cniResultFile(noted)), cniResultText(noted));
    expect(await call({ ...other, command: 'DEL' })).toBeUndefined();
    await run('ip', 'link', 'delete', 'veth3');
    await waitFor(
      'one is left',
      DEADLINE_MS,
      async () => (await governed()).join() === '10.0.0.5' || undefined,
      () => log.join('\n'),
    );
  });

  test('only root can reach the socket of the plugin', async () => {
    expect((await stat(socket())).mode & 0o777).toBe(0o600);
  });

  test('the next agent takes over the socket of a killed one, and ADD waits meanwhile', async () => {
    agent?.signal('SIGKILL');
    await agent?.ended;
    const adding = call({ name: 'closed', address: '10.0.0.3' });
    await startAgent();
    expect(await adding).toEqual(resultOf({ name: 'closed', address: '10.0.0.3' }));
    expect(await governed()).toEqual(['10.0.0.3']);
  });
});

interface CniFailure {
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

describe('ADD without a working agent', () => {
  test('ADD fails at the deadline with advice, except for pods of exempt namespaces', async () => {
    const failure = (await call({ name: 'closed', address: '10.0.0.3', deadline: '1s' })) as CniFailure;
    expect(failure).toMatchObject({ code: 11, msg: expect.stringContaining('pod shop/closed') as unknown });
    expect(failure.details).toContain('/opt/cni/bin/portcullis uninstall');
    const exempt = { namespace: 'kube-system', name: 'dns', address: '10.0.0.9' };
    expect(await call(exempt)).toEqual(resultOf(exempt));
    expect(await call({ name: 'closed', address: '10.0.0.3', command: 'DEL' })).toBeUndefined();
  });

  test('ADD fails with the reason while the state of the cluster is not known', async () => {
    await rename(path.join(folder, 'state'), path.join(folder, 'away'));
    await startAgent();
    await untilAnswered();
    const failure = (await call({ name: 'closed', address: '10.0.0.3', deadline: '2s' })) as CniFailure;
    expect(failure.msg).toMatch(/pod shop\/closed are not in force: the agent is not ready: /);
    await rename(path.join(folder, 'away'), path.join(folder, 'state'));
    expect(await call({ name: 'closed', address: '10.0.0.3' })).toEqual(
      resultOf({ name: 'closed', address: '10.0.0.3' }),
    );
    expect(await governed()).toEqual(['10.0.0.3']);
  });
});

test('without the setting there is no socket for the plugin', async () => {
  const sources = [`--manifests=${path.join(folder, 'state')}`, '--cni-results=0'];
  const [file, ...args] = [...inNetns(namespace), PORTCULLIS, 'agent', ...sources, ...FLAGS] as const;
  agent = await startProcess(file, args, { output: (line) => log.push(line) });
  await waitFor(
    'the agent enforces',
    DEADLINE_MS,
    async () => ((await chains()).includes('PORTCULLIS-') ? true : undefined),
    () => log.join('\n'),
  );
  await expect(stat(socket())).rejects.toThrow('ENOENT');
});
