import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { type Backend, iptablesProgram } from '../../src/kernel/iptables.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { cniResultFile, cniResultText } from '../support/cni/cni-result.ts';
import { cleanUpNode } from '../support/lab/agent.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { createProber, PROBER_START_MS, type Prober } from '../support/lab/prober.ts';
import { dualStackNode } from '../support/lab/small-lab.ts';
import { waitFor } from '../support/wait-for.ts';

/** The built agent on a node whose pods are attached to a bridge, with and without libcni's results. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 30_000;
const LISTEN = `${nodeAddress('ipv4', 1)}:9577`;
const TABLE = ['bridge', 'portcullis'];

const PODS = {
  web: { ips: ['10.244.1.5', 'fd00:10:244:1::5'], device: 'veth00000005' },
  client: { ips: ['10.244.1.6', 'fd00:10:244:1::6'], device: 'veth00000006' },
  stranger: { ips: ['10.244.1.7', 'fd00:10:244:1::7'], device: 'veth00000007' },
} as const;
type PodName = keyof typeof PODS;
const NAMES = Object.keys(PODS) as PodName[];

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    podSelector: { matchLabels: { name: 'web' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { name: 'client' } } }] }],
  },
};

describe.each<Backend>(['nft', 'legacy'])('iptables-%s: the agent on a bridge', (backend) => {
  let lab: Lab;
  let prober: Prober;
  let folder: string;
  let agent: RunningProcess | undefined;
  let log: string[] = [];
  const node = createCommandRunner(onNode('node1'));
  const results = (): string => path.join(folder, 'results');

  const noteResult = async (name: PodName): Promise<void> => {
    const { ips, device } = PODS[name];
    const shown = await createCommandRunner().run('ip', ['-n', name, '-br', 'link', 'show', 'eth0']);
    const result = {
      cniVersion: '1.0.0',
      interfaces: [
        { name: 'cni0' },
        { name: device },
        { name: 'eth0', mac: shown.split(/\s+/)[2], sandbox: `/run/netns/${name}` },
      ],
      ips: ips.map((address) => ({ interface: 2, address: `${address}/${address.includes(':') ? 64 : 24}` })),
    };
    const parts = { uid: `shop/${name}`, addresses: [], container: name, result };
    await writeFile(path.join(results(), cniResultFile(parts)), cniResultText(parts));
  };

  const until = (what: string, isSo: () => Promise<boolean>): Promise<true> =>
    waitFor(
      what,
      DEADLINE_MS,
      async () => ((await isSo()) ? true : undefined),
      () => log.join('\n'),
    );

  const status = async (): Promise<{ readonly level?: string; readonly reasons?: readonly string[] }> => {
    const answer = (await (await fetch(`http://${LISTEN}/status`)).json()) as { readonly bridges?: object };
    return answer.bridges ?? {};
  };

  const start = async (): Promise<void> => {
    const [file, ...args] = [
      ...onNode('node1'),
      PORTCULLIS,
      'agent',
      `--manifests=${path.join(folder, 'state')}`,
      `--cni-results=${results()}`,
      '--node-name=node1',
      `--listen=${LISTEN}`,
      `--iptables-backend=${backend}`,
      '--drift-interval=200ms',
      '--log-format=text',
    ] as const;
    log = [];
    agent = await startProcess(file, args, { output: (line) => log.push(line) });
    await until('the agent to be ready', () =>
      fetch(`http://${LISTEN}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  };

  const end = async (signal?: 'SIGKILL'): Promise<void> => {
    if (signal === undefined) await agent?.stop();
    else {
      agent?.signal(signal);
      await agent?.ended;
    }
    agent = undefined;
  };

  const table = (): Promise<string> => node.run('nft', ['list', 'table', ...TABLE]).catch(() => '');

  const isInForce = async (): Promise<boolean> => /set isolated \{[^}]*"veth00000005"/.test(await table());

  const outcomes = (from: PodName): Promise<readonly string[]> =>
    prober.probe(
      [0, 1].map((family) => ({
        netns: from,
        protocol: 'TCP' as const,
        from: PODS[from].ips[family] ?? '',
        to: PODS.web.ips[family] ?? '',
        port: 80,
        timeoutMs: from === 'client' ? 3_000 : 400,
      })),
    );

  beforeAll(async () => {
    prober = await createProber();
    lab = await openLab({ families: IP_FAMILIES, attach: 'bridge', backend });
    await lab.addNode(dualStackNode(1));
    await lab.addPods(NAMES.map((name) => ({ name, node: 'node1', ...PODS[name] })));
    await prober.serve(PODS.web.ips.map((ip) => ({ netns: 'web', ip, protocol: 'TCP' as const, port: 80 })));
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-bridges-'));
    await mkdir(path.join(folder, 'state'));
    await mkdir(results());
    const pods = NAMES.map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels: { name } },
      spec: { nodeName: 'node1', containers: [{ name: 'c', image: 'c' }] },
      status: { podIPs: PODS[name].ips.map((ip) => ({ ip })) },
    }));
    const items = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, ...pods, POLICY];
    await writeFile(path.join(folder, 'state', 'all.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }, PROBER_START_MS);

  afterEach(async () => {
    await end();
    await cleanUpNode('node1');
  });

  afterAll(async () => {
    await prober.close();
    await lab.close();
    await rm(folder, { recursive: true });
  });

  test('the agent learns the owners of ports without results, reports the weaker guarantee, and enforces policy', async () => {
    await start();
    await until('all ports to be known', async () => (await status()).level === 'learned');
    await until('the port to be isolated', isInForce);
    expect(await outcomes('client')).toEqual(['open', 'open']);
    expect(await outcomes('stranger')).toEqual(['timeout', 'timeout']);
  });

  test('the agent gets the owners of ports from results, judges unknown addresses by port, and enforces policy', async () => {
    for (const name of NAMES) await noteResult(name);
    await start();
    await until('the port to be isolated', isInForce);
    expect(await status()).toMatchObject({ level: 'full', reasons: [] });
    for (const family of IP_FAMILIES) {
      const save = await node.run(iptablesProgram(family, backend, 'save'), ['-t', 'security']);
      expect(save).toContain(
        '-A PORTCULLIS-PORTS -m physdev --physdev-out veth00000005 --physdev-is-bridged -j PORTCULLIS-AI-',
      );
    }
    expect(await outcomes('client')).toEqual(['open', 'open']);
    expect(await outcomes('stranger')).toEqual(['timeout', 'timeout']);
  });

  test('the agent repairs the bridge table, leaves it in force when it is killed, and adopts it', async () => {
    await start();
    await until('the port to be isolated', isInForce);
    await node.run('nft', ['delete', 'table', ...TABLE]);
    await until('the table to be back', isInForce);
    await until('the log to say so', () =>
      Promise.resolve(log.some((line) => line.includes('changed the bridge table; it was repaired'))),
    );
    await node.run('nft', ['flush', 'chain', ...TABLE, 'to-isolated']);
    await until('the rules to be back', async () => /chain to-isolated \{\n[^}]*ether type/.test(await table()));
    await node.run('nft', ['flush', 'set', ...TABLE, 'isolated']);
    await until('the elements to be back', isInForce);
    await end('SIGKILL');
    expect(await isInForce()).toBe(true);
    await start();
    expect(await isInForce()).toBe(true);
    await end();
    expect(await isInForce()).toBe(true);
    await cleanUpNode('node1');
    expect(await table()).toBe('');
  });
});
