import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import type { FlowRecord } from '../../src/records/record.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { AGENT_NAMESPACE } from '../support/agent-names.ts';
import { agentPods } from '../support/agent.ts';
import { curl, url } from '../support/curl.ts';
import { kubectl, target } from '../support/kubectl.ts';
import { closeNamespaces } from '../support/stage.ts';
import { openTrio, type Trio } from '../support/trio.ts';

/** `kubectl portcullis` by the real `kubectl exec`, a kubelet and its runtime. */

const NAMESPACE = 'e2e-plugin';
const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts');
const DEADLINE_MS = 120_000;

const environment = { KUBECTL: target.kubectl, KUBECONFIG: target.kubeconfig, PORTCULLIS_KUBECTL_PLUGIN: '1' };
const { run } = createCommandRunner(['env', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)]);

const portcullis = (...args: readonly string[]): Promise<string> =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { timeoutMs: DEADLINE_MS });

let trio: Trio;

beforeAll(async () => {
  trio = await openTrio(NAMESPACE);
});

afterAll(() => closeNamespaces(NAMESPACE));

const serverUrl = (): string => url(`server.${NAMESPACE}.svc`, 80);

/** The processes of `portcullis flows -w` in the pod of the server's agent. */
const streamsOfAgent = async (): Promise<number> => {
  const agent = (await agentPods()).find(({ spec }) => spec.nodeName === trio.near.name);
  const script = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -o -- "--end-with-input" | wc -l';
  const counted = await kubectl(['-n', AGENT_NAMESPACE, 'exec', agent?.metadata.name ?? '', '--', 'sh', '-c', script]);
  // The script's own command line has the word once.
  return Math.max(0, Number(counted.trim()) - 1);
};

test('flows of all nodes have a refusal and an allowed connection of this namespace', async () => {
  expect(await curl(trio.friend, serverUrl())).toBe('answers');
  expect(await curl(trio.stranger, serverUrl())).toBe('times out');
  const flows = await waitFor('both records', DEADLINE_MS, async () => {
    const { flows: all } = JSON.parse(await portcullis('flows', '-n', NAMESPACE, '-o', 'json')) as {
      flows: readonly FlowRecord[];
    };
    return new Set(all.map(({ verdict }) => verdict)).size === 2 ? all : undefined;
  });
  expect(flows.map(({ at }) => at)).toEqual(flows.map(({ at }) => at).toSorted());
});

test('suggest allows what was seen and not what was refused', async () => {
  const suggested = await portcullis('suggest', '-n', NAMESPACE);
  expect(suggested).toContain(`${NAMESPACE}/friend → ${NAMESPACE}/server TCP`);
  expect(suggested).not.toContain(`# ${NAMESPACE}/stranger → ${NAMESPACE}/server TCP`);
});

test('the stream in the pod of an agent ends when the plugin is killed', async () => {
  const args = ['--disable-warning=ExperimentalWarning', MAIN, 'flows', '-w', '--node', trio.near.name];
  const plugin: ChildProcess = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: 'ignore',
  });
  try {
    await waitFor('a stream', DEADLINE_MS, async () => ((await streamsOfAgent()) > 0 ? true : undefined));
  } finally {
    plugin.kill('SIGKILL');
  }
  await once(plugin, 'exit');
  await waitFor('its end', DEADLINE_MS, async () => ((await streamsOfAgent()) === 0 ? true : undefined));
});
