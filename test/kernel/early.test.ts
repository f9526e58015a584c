import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { type CniResultParts, cniResultFile, cniResultText } from '../support/cni/cni-result.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** The built agent, a folder in libcni's format, and the kernel. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 60_000;
/** Long enough that no full comparison affects the result. */
const FLAGS = ['--node-name=n1', '--drift-interval=1h', '--iptables-backend=nft', '--log-format=text'];

/** Manifests have no uid; it is `shop/NAME`. */
const pod = (name: string, status: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop }
spec: { nodeName: n1, containers: [{ name: web, image: web }] }
status: ${status}
`;

const DENY = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny, namespace: shop }
spec: { podSelector: {} }
`;

const outside = createCommandRunner();
let folder: string;
let namespace: string;
let agent: RunningProcess;
let log: string[];

const run = (file: string, ...args: string[]): Promise<string> =>
  createCommandRunner(inNetns(namespace)).run(file, args);

const governed = async (): Promise<readonly string[]> =>
  (await run('ipset', 'save'))
    .split('\n')
    .filter((line) => line.startsWith('add portcullis-4-governed '))
    .map((line) => line.split(' ')[2] ?? '')
    .toSorted();

const untilGoverned = (...addresses: readonly string[]): Promise<unknown> =>
  waitFor(
    `${addresses.join()} to be governed`,
    DEADLINE_MS,
    async () => ((await governed()).join() === addresses.join() ? true : undefined),
    () => log.join('\n'),
  );

const note = (parts: CniResultParts): Promise<void> =>
  writeFile(path.join(folder, 'results', cniResultFile(parts)), cniResultText(parts));

beforeEach(async () => {
  await prepareSandbox(outside);
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-early-'));
  await mkdir(path.join(folder, 'state'));
  await mkdir(path.join(folder, 'results'));
  await writeFile(path.join(folder, 'state', 'policy.yaml'), DENY);
  await writeFile(path.join(folder, 'state', 'known.yaml'), pod('known', '{ podIP: 10.0.0.2 }'));
  await writeFile(path.join(folder, 'state', 'starting.yaml'), pod('starting', '{}'));
  namespace = `early-${path.basename(folder).slice(-6)}`;
  await outside.run('ip', ['netns', 'add', namespace]);
  await run('ip', 'link', 'set', 'lo', 'up');
  log = [];
  const sources = [`--manifests=${path.join(folder, 'state')}`, `--cni-results=${path.join(folder, 'results')}`];
  const [file, ...args] = [...inNetns(namespace), PORTCULLIS, 'agent', ...sources, ...FLAGS] as const;
  agent = await startProcess(file, args, { output: (line) => log.push(line) });
});

afterEach(async () => {
  await cleanUp(
    () => agent.stop(),
    () => outside.run('ip', ['netns', 'delete', namespace]),
    () => removeFolder(folder),
  );
});

test('a pod’s policies apply from the time its address is in a result, and to the address that the API reports later', async () => {
  await untilGoverned('10.0.0.2');
  await note({ uid: 'shop/stale', addresses: ['10.0.0.9/24'], container: 'stale' });
  await note({ uid: 'shop/known', addresses: ['10.0.0.2/24'], container: 'known' });
  await note({ uid: 'shop/starting', addresses: ['10.0.0.3/24'] });
  await untilGoverned('10.0.0.2', '10.0.0.3');
  expect(await run('iptables-nft-save', '-t', 'security')).toMatch(
    /-A PORTCULLIS-INGRESS .*-d 10\.0\.0\.3\/32 .*-g PORTCULLIS-I-/,
  );

  await writeFile(path.join(folder, 'state', 'starting.yaml'), pod('starting', '{ podIP: 10.0.0.4 }'));
  await untilGoverned('10.0.0.2', '10.0.0.4');
});
