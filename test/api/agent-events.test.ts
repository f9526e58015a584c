import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { PATHS } from '../../scripts/manifests/paths.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { kubeconfigText } from '../../src/lab/apiserver/kubeconfig.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { kubectlPath, kustomized } from '../manifests/objects.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/**
 * The built agent, with the rights of its manifest, reports what happens to it; the network namespace is the sandbox's
 * own.
 */

jest.setTimeout(240_000);

const TOKEN = 'token-of-the-agent';
const DEADLINE_MS = 60_000;
const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const runner = createCommandRunner();

let server: ApiServer;
let folder: string;
let agent: RunningProcess;
let lines: string[];
let kubectl: (args: readonly string[], input?: string) => Promise<string>;

const untilSaid = (pattern: RegExp): Promise<string> =>
  waitFor(
    String(pattern),
    DEADLINE_MS,
    () => Promise.resolve(lines.find((line) => pattern.test(line))),
    () => lines.join('\n'),
  );

const untilShown = (what: RegExp, ...args: readonly string[]): Promise<string> =>
  waitFor(
    String(what),
    DEADLINE_MS,
    async () => {
      const text = await kubectl(args);
      return what.test(text) ? text : undefined;
    },
    () => lines.join('\n'),
  );

/** Each peer and each port name needs a rule of its own: 10,100 rules. */
const tooLarge = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'huge', namespace: 'shop' },
  spec: {
    podSelector: {},
    ingress: [
      {
        from: Array.from({ length: 101 }, (_, at) => ({ podSelector: { matchLabels: { app: `a${at}` } } })),
        ports: Array.from({ length: 100 }, (_, at) => ({ port: `p${at}` })),
      },
    ],
  },
};

beforeAll(async () => {
  await prepareSandbox(runner);
  const user = 'system:serviceaccount:kube-system:portcullis';
  server = await startTestApiServer({ tokens: [{ token: TOKEN, user, groups: ['system:serviceaccounts'] }] });
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-agent-events-'));
  const program = await kubectlPath();
  const common = [`--kubeconfig=${server.kubeconfigPath}`, `--cache-dir=${path.join(folder, 'cache')}`];
  kubectl = (args, input) => runner.run(program, [...common, ...args], input === undefined ? {} : { input });
  await waitFor('kube-system', DEADLINE_MS, () =>
    server.admin.get('/api/v1/namespaces/kube-system').catch(() => undefined),
  );
  await kubectl(['apply', '-f', '-'], await kustomized(PATHS.base));
  await kubectl(['create', 'namespace', 'shop']);
  await server.admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });

  const kubeconfig = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigText({ url: server.url, ca: server.ca, token: TOKEN }));
  lines = [];
  agent = await startProcess(
    PORTCULLIS,
    [
      'agent',
      `--kubeconfig=${kubeconfig}`,
      '--node-name=n1',
      '--listen=0',
      '--iptables-backend=nft',
      '--drift-interval=200ms',
      '--log-format=text',
    ],
    { output: (line) => lines.push(line) },
  );
  await untilSaid(/policy is in force/);
});

afterAll(async () => {
  await cleanUp(
    () => agent.stop(),
    () => runner.run(PORTCULLIS, ['cleanup']),
    () => server.stop(),
    () => removeFolder(folder),
  );
});

test('an Event of the node reports which program removed our rules', async () => {
  await runner.run('iptables-nft', ['-t', 'security', '-D', 'FORWARD', '-j', 'PORTCULLIS-FORWARD']);
  const shown = await untilShown(/RulesChangedByOthers/, 'describe', 'node', 'n1');
  expect(shown).toMatch(
    /Warning\s+RulesChangedByOthers\s.*\sportcullis\.io\/agent\s+found and repaired: the jump to our rules is gone from: FORWARD \(ipv4\)/,
  );
});

test('an Event in the policy’s namespace reports a policy that cannot be enforced', async () => {
  await kubectl(['apply', '-f', '-'], JSON.stringify(tooLarge));
  const shown = await untilShown(/InvalidPolicy/, 'events', '-n', 'shop', '--for=networkpolicy/huge');
  expect(shown).toMatch(/Warning\s+InvalidPolicy\s+NetworkPolicy\/huge\s+spec\.ingress: /);
});

test('the rights in the manifest suffice for Events', () => {
  expect(lines.filter((line) => /cannot |403/.test(line) && !line.includes('a policy has a fault'))).toEqual([]);
});
