import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { type Backend, iptablesProgram } from '../../src/kernel/iptables.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { cniResultFile, cniResultText } from '../support/cni/cni-result.ts';
import { cleanUpNode } from '../support/lab/agent.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { createProber, PROBER_START_MS, type Prober } from '../support/lab/prober.ts';
import { dualStackNode } from '../support/lab/small-lab.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** The built agent on a node of the lab, with libcni's results of its pods. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 60_000;
const LISTEN = `${nodeAddress('ipv4', 1)}:9577`;

const PODS = {
  liar: { ips: ['10.244.1.5', 'fd00:10:244:1::5'], device: 'veth0a1b2c3d' },
  web: { ips: ['10.244.1.6', 'fd00:10:244:1::6'], device: 'vethdeadbeef' },
} as const;
type PodName = keyof typeof PODS;

const LOOK = '-A PORTCULLIS-SOURCES -i veth+ -m rpfilter --invert -g PORTCULLIS-SPOOFED';
const JUMP = '-A PREROUTING -j PORTCULLIS-SOURCES';

describe.each<Backend>(['nft', 'legacy'])('iptables-%s: the agent', (backend) => {
  let lab: Lab;
  let prober: Prober;
  let folder: string;
  let agent: RunningProcess | undefined;
  let log: string[];
  const node = createCommandRunner(onNode('node1'));

  const noteResult = (name: PodName): Promise<void> => {
    const { ips, device } = PODS[name];
    const result = {
      cniVersion: '1.0.0',
      interfaces: [{ name: device }, { name: 'eth0', sandbox: `/run/netns/${name}` }],
      ips: ips.map((address) => ({ interface: 1, address: `${address}/${address.includes(':') ? 128 : 32}` })),
    };
    const parts = { uid: `shop/${name}`, addresses: [], container: name, result };
    return writeFile(path.join(folder, 'results', cniResultFile(parts)), cniResultText(parts));
  };

  const start = async (...flags: readonly string[]): Promise<void> => {
    const [file, ...args] = [
      ...onNode('node1'),
      PORTCULLIS,
      'agent',
      `--manifests=${path.join(folder, 'state')}`,
      `--cni-results=${path.join(folder, 'results')}`,
      '--node-name=node1',
      `--listen=${LISTEN}`,
      `--iptables-backend=${backend}`,
      '--drift-interval=200ms',
      '--log-format=text',
      ...flags,
    ] as const;
    log = [];
    agent = await startProcess(file, args, { output: (line) => log.push(line) });
  };

  const until = (what: string, isSo: () => Promise<boolean>): Promise<true> =>
    waitFor(
      what,
      DEADLINE_MS,
      async () => ((await isSo()) ? true : undefined),
      () => log.join('\n'),
    );

  const raw = (family: IpFamily = 'ipv4'): Promise<string> =>
    node.run(iptablesProgram(family, backend, 'save'), ['-t', 'raw']);

  const untilChecked = (): Promise<true> =>
    until(
      'sources to be checked',
      async () => (await raw()).includes(LOOK) && (await raw()).includes(JUMP) && (await raw('ipv6')).includes(JUMP),
    );

  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://${LISTEN}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`portcullis_${name}`))
      .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
  };

  const ready = (): Promise<boolean> =>
    fetch(`http://${LISTEN}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );

  const end = async (signal?: 'SIGKILL'): Promise<void> => {
    if (signal === undefined) await agent?.stop();
    else {
      agent?.signal(signal);
      await agent?.ended;
    }
    agent = undefined;
  };

  beforeAll(async () => {
    prober = await createProber();
    lab = await openLab({ families: IP_FAMILIES, attach: 'ptp', backend });
    await lab.addNode(dualStackNode(1));
    await lab.addPods((Object.keys(PODS) as PodName[]).map((name) => ({ name, node: 'node1', ...PODS[name] })));
    await prober.serve([{ netns: 'web', ip: PODS.web.ips[0], protocol: 'TCP', port: 80 }]);
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-sources-'));
    await mkdir(path.join(folder, 'state'));
    await mkdir(path.join(folder, 'results'));
    const pods = (Object.keys(PODS) as PodName[]).map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop' },
      spec: { nodeName: 'node1', containers: [{ name: 'c', image: 'c' }] },
      status: { podIPs: PODS[name].ips.map((ip) => ({ ip })) },
    }));
    await writeFile(
      path.join(folder, 'state', 'pods.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }),
    );
  }, PROBER_START_MS);

  afterEach(() => end());

  afterAll(async () => {
    await cleanUp(
      () => prober.close(),
      () => lab.close(),
      () => removeFolder(folder),
    );
  });

  test('the agent validates no pod’s source before one is known, and from the first result on every packet of pods', async () => {
    await start();
    await until('the agent to be ready', ready);
    expect(await raw()).not.toContain('-i veth+');
    expect(await metric('source_validation_is_active ')).toBe(0);
    await noteResult('web');
    await noteResult('liar');
    await untilChecked();
    const status = (await (await fetch(`http://${LISTEN}/status`)).json()) as { readonly antiSpoofing: unknown };
    expect(status.antiSpoofing).toEqual({ interfaces: ['veth+'], tunnels: [], openTunnels: [] });
    expect(await metric('source_validation_is_active ')).toBe(1);
  });

  test('the agent counts spoofed packets, and lets others pass', async () => {
    await start();
    await untilChecked();
    await until('the agent to be ready', ready);
    const before = await metric('spoofed_packets_total');
    const [liar] = PODS.liar.ips;
    const [web] = PODS.web.ips;
    const runner = createCommandRunner();
    await runner.run('ip', ['-n', 'liar', 'address', 'add', '192.0.2.9/32', 'dev', 'lo']);
    const ask = (from: string, timeoutMs: number) =>
      prober.probe([{ netns: 'liar', protocol: 'TCP', from, to: web, port: 80, timeoutMs }]);
    expect(await ask('192.0.2.9', 300)).toEqual(['timeout']);
    expect(await metric('spoofed_packets_total')).toBeGreaterThan(before);
    expect(await ask(liar, 10_000)).toEqual(['open']);
  });

  test('the agent leaves source validation in force when it ends, repairs it, and adopts it', async () => {
    await start();
    await untilChecked();
    await until('the agent to be ready', ready);
    await node.run(iptablesProgram('ipv6', backend, 'restore'), ['--noflush', '-w', '5'], {
      input: '*raw\n-D PREROUTING -j PORTCULLIS-SOURCES\nCOMMIT\n',
    });
    await untilChecked();
    await end('SIGKILL');
    const left = await raw();
    expect(left).toContain(JUMP);
    await start();
    await until('the agent to be ready', ready);
    await until('the first pass', async () => Promise.resolve(log.some((line) => line.includes('policy is in force'))));
    expect(log.join('\n')).toContain('existing rules were already correct');
    await end();
    expect(await raw()).toContain(JUMP);
  });

  test('an agent without source validation removes it, and so does a cleanup', async () => {
    await start('--anti-spoofing=off');
    await until('the raw tables to be empty', async () => !`${await raw()}${await raw('ipv6')}`.includes('PORTCULLIS'));
    await end();
    await start('--anti-spoofing=veth+');
    await untilChecked();
    await end();
    await cleanUpNode('node1');
    for (const family of IP_FAMILIES) expect(await raw(family)).not.toContain('PORTCULLIS');
  });
});
