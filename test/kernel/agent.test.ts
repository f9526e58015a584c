import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { rulesAlone } from '../support/without-moments.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** The built agent as a whole: manifests in, a namespace's real packet filter out. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 60_000;

const POD = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { nodeName: n1, containers: [{ name: web, image: web, ports: [{ name: http, containerPort: 8080 }] }] }
status: { podIP: 10.0.0.5 }
`;

const policy = (name: string, spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;

const ALLOW_HTTP = policy('allow-http', '{ podSelector: {}, ingress: [{ ports: [{ port: http }] }] }');
const UNREADABLE = policy(
  'unreadable',
  '{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.300/8 } }] }] }',
);

const outside = createCommandRunner();

describe('the agent', () => {
  let folder: string;
  let namespace: string;
  let agents: RunningProcess[];
  let log: string[];

  const inside = createCommandRunner;
  const run = (file: string, ...args: string[]): Promise<string> => inside(inNetns(namespace)).run(file, args);
  const get = (endpoint: string): Promise<string> => run('curl', '--silent', '--fail', `127.0.0.1:9577${endpoint}`);
  const saved = async (): Promise<string> =>
    `${await run('iptables-nft-save', '-t', 'security')}${await run('ipset', 'save')}`;
  const rules = async (): Promise<string> => rulesAlone(await saved());

  const write = async (file: string, text: string): Promise<void> => {
    await writeFile(path.join(folder, `.${file}.new`), text);
    await rename(path.join(folder, `.${file}.new`), path.join(folder, file));
  };

  const start = async (): Promise<RunningProcess> => {
    const flags = ['--node-name=n1', '--drift-interval=100ms', '--iptables-backend=nft', '--log-format=text'];
    const [file, ...args] = [...inNetns(namespace), PORTCULLIS, 'agent', `--manifests=${folder}`, ...flags] as const;
    const agent = await startProcess(file, args, { output: (line) => log.push(line) });
    agents.push(agent);
    const ready = (): Promise<string | undefined> => get('/readyz').catch(() => undefined);
    await waitFor('the agent to be ready', DEADLINE_MS, ready, () => log.join('\n'));
    return agent;
  };

  const untilRulesMatch = (what: string, pattern: RegExp): Promise<string> =>
    waitFor(
      what,
      DEADLINE_MS,
      async () => {
        const text = await rules();
        return pattern.test(text) ? text : undefined;
      },
      () => log.join('\n'),
    );

  beforeEach(async () => {
    await prepareSandbox(outside);
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-agent-'));
    namespace = `agent-${randomUUID()}`;
    agents = [];
    log = [];
    await outside.run('ip', ['netns', 'add', namespace]);
    await run('ip', 'link', 'set', 'lo', 'up');
    await write('pod.yaml', POD);
    await write('policy.yaml', ALLOW_HTTP);
  });

  afterEach(async () => {
    await cleanUp(
      () => Promise.all(agents.map((agent) => agent.stop())),
      () => outside.run('ip', ['netns', 'delete', namespace]),
      () => removeFolder(folder),
    );
  });

  test('the agent enforces policy, follows its files, and repairs drift', async () => {
    await start();
    expect(await rules()).toMatch(/-A PORTCULLIS-I-\S+ -p tcp -m tcp --dport 8080 -j RETURN/);

    await write('policy.yaml', ALLOW_HTTP.replace('port: http', 'port: 9090'));
    await untilRulesMatch('the edited policy', /--dport 9090 -j RETURN/);

    await run('iptables-nft', '-t', 'security', '-D', 'FORWARD', '-j', 'PORTCULLIS-FORWARD');
    await untilRulesMatch('the jump to be back', /-A FORWARD -j PORTCULLIS-FORWARD/);
    // The repair is counted once it was read back.
    await waitFor(
      'the repair to be counted',
      DEADLINE_MS,
      async () => /^portcullis_drift_repairs_total\{kind="jump_missing"\} 1$/m.test(await get('/metrics')) || undefined,
      () => log.join('\n'),
    );
  });

  test('the agent isolates the pods of an invalid policy, reports it, and enforces the others', async () => {
    await write('unreadable.yaml', UNREADABLE);
    await start();
    const text = await rules();
    expect(text).toMatch(/--dport 8080 -j RETURN/);
    expect(text).toMatch(
      /-A PORTCULLIS-I-\S+ -m comment --comment "ingress isolated by shop\/allow-http shop\/unreadable" -j DROP/,
    );
    expect(await get('/metrics')).toMatch(
      /^portcullis_policy_faults\{policy_namespace="shop",policy="unreadable"\} 1$/m,
    );
    expect(log.join('\n')).toContain('NetworkPolicy shop/unreadable: spec.ingress[0].from[0].ipBlock.cidr');
  });

  test('the agent keeps the content of a file while it cannot be read', async () => {
    await start();
    const before = await rules();
    await write('policy.yaml', 'apiVersion: [');
    await waitFor(
      'the trouble to be reported',
      DEADLINE_MS,
      () => Promise.resolve(log.find((line) => line.includes('policy.yaml:1'))),
      () => log.join('\n'),
    );
    expect(await rules()).toBe(before);
  });

  test('the agent leaves the rules in place when it ends at any moment, and its successor changes nothing', async () => {
    const first = await start();
    const before = await rules();
    expect(await first.stop()).toEqual({ code: 0 });
    expect(await rules()).toBe(before);
    for (let round = 0; round < 5; round += 1) {
      // The full check runs all the time, so a stop often meets a command under way.
      const next = await start();
      const metrics = await get('/metrics');
      if (!metrics.includes('portcullis_syncs_total{result="unchanged",reason="start"} 1')) {
        throw new Error(`the first pass of round ${round} changed something:\n${await saved()}\n${log.join('\n')}`);
      }
      expect(await next.stop()).toEqual({ code: 0 });
      expect(await saved()).not.toContain('portcullis-m-');
    }
    expect(await rules()).toBe(before);
  });

  test('the agent reports clearly that its address is taken, and stops like any other', async () => {
    const listen = "require('node:http').createServer().listen(9577, '127.0.0.1', () => console.log('listening'))";
    const [file, ...args] = [...inNetns(namespace), process.execPath, '--eval', listen] as const;
    const other = await startProcess(file, args, { output: (line) => log.push(line) });
    await waitFor('the other one', DEADLINE_MS, () => Promise.resolve(log.includes('listening') || undefined));
    const [launcher, ...flags] = [
      ...inNetns(namespace),
      PORTCULLIS,
      'agent',
      `--manifests=${folder}`,
      '--node-name=n1',
    ] as const;
    const agent = await startProcess(launcher, flags, { output: (line) => log.push(line) });
    try {
      const said = 'cannot listen on 127.0.0.1:9577: another process listens there';
      await waitFor('its words', DEADLINE_MS, () => Promise.resolve(log.find((line) => line.includes(said))));
      expect(await agent.stop()).toEqual({ code: 0 });
    } finally {
      agent.signal('SIGKILL');
      await other.stop();
    }
  });
});
