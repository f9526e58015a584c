import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { cleanUpNode } from '../support/lab/agent.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { createProber, type Outcome, PROBER_START_MS, type Prober } from '../support/lab/prober.ts';
import { dualStackNode } from '../support/lab/small-lab.ts';
import { waitFor } from '../support/wait-for.ts';

/** The built agent on a node where one tool or table fails: all else is in force, and is said to be all that is. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 30_000;
const LISTEN = `${nodeAddress('ipv4', 1)}:9577`;

const PODS = {
  web: { ips: ['10.244.1.5', 'fd00:10:244:1::5'], device: 'veth00000005' },
  client: { ips: ['10.244.1.6', 'fd00:10:244:1::6'], device: 'veth00000006' },
  stranger: { ips: ['10.244.1.7', 'fd00:10:244:1::7'], device: 'veth00000007' },
} as const;
type PodName = keyof typeof PODS;
const NAMES = Object.keys(PODS) as PodName[];

const policyFor = (...names: readonly PodName[]): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    podSelector: { matchLabels: { name: 'web' } },
    policyTypes: ['Ingress'],
    ingress: names.map((name) => ({ from: [{ podSelector: { matchLabels: { name } } }] })),
  },
});

/** A tool that fails where its arguments, or what it is given to read, say what is missing. */
const failing = (message: string, args: string, input?: string): string => `#!/bin/sh
tool=\${0##*/}
bin=\${0%/*}
PATH=\${PATH#"$bin":}
[ -z "\${_STDBUF_O-}" ] || exit 1
fail() { echo '${message}' >&2; exit 3; }
case " $* " in ${args}) ;; *) exec "$tool" "$@" ;; esac
${
  input === undefined
    ? 'fail'
    : `text=$(cat)
case $text in *'${input}'*) fail ;; esac
printf '%s\\n' "$text" | "$tool" "$@"`
}
`;

const NO_TABLE = 'can t initialize the table: Table does not exist (do you need to insmod?)';

interface Case {
  readonly what: string;
  readonly tools: Readonly<Record<string, string>>;
  /** Families whose rules have to be in force. */
  readonly good: readonly IpFamily[];
  readonly part: string;
  readonly flags?: readonly string[];
  /** GET /readyz in the end. */
  readonly code: number;
}

const CASES: readonly Case[] = [
  {
    what: 'ip6tables-restore refuses everything',
    tools: { 'ip6tables-nft-restore': failing('no space left on device', '*') },
    good: ['ipv4'],
    part: 'ipv6',
    code: 503,
  },
  {
    what: 'iptables-restore refuses everything',
    tools: { 'iptables-nft-restore': failing('no space left on device', '*') },
    good: ['ipv6'],
    part: 'ipv4',
    code: 503,
  },
  {
    what: 'ip6tables has no table',
    tools: { 'ip6tables-nft-save': failing(NO_TABLE, '*'), 'ip6tables-nft-restore': failing(NO_TABLE, '*') },
    good: ['ipv4'],
    part: 'ipv6',
    code: 503,
  },
  {
    what: 'the kernel has no sets of IPv6 addresses',
    tools: { ipset: failing('Kernel error received: set type not supported', "*' restore '*", 'family inet6') },
    good: ['ipv4'],
    part: 'ipv6',
    code: 503,
  },
  {
    what: 'IPv6 has no raw table',
    tools: { 'ip6tables-nft-restore': failing(NO_TABLE, '*', '*raw') },
    good: ['ipv4', 'ipv6'],
    part: 'ipv6 sources',
    flags: ['--anti-spoofing=veth+'],
    code: 503,
  },
];

describe('a part that fails', () => {
  let lab: Lab;
  let prober: Prober;
  let folder: string;
  let agent: RunningProcess | undefined;
  let log: string[] = [];
  let flows = 0;

  const get = async (endpoint: string): Promise<{ readonly code: number; readonly text: string }> => {
    const answer = await fetch(`http://${LISTEN}/${endpoint}`);
    return { code: answer.status, text: await answer.text() };
  };

  const until = (what: string, isSo: () => Promise<boolean>): Promise<true> =>
    waitFor(
      what,
      DEADLINE_MS,
      async () => ((await isSo().catch(() => false)) ? true : undefined),
      () => log.join('\n'),
    );

  const putPolicy = async (...names: readonly PodName[]): Promise<void> => {
    const file = path.join(folder, 'state', 'policy.json');
    await writeFile(`${file}.new`, JSON.stringify(policyFor(...names)));
    await rename(`${file}.new`, file);
  };

  const start = async (tools: Case['tools'], flags: readonly string[] = []): Promise<void> => {
    const bin = path.join(folder, 'bin');
    await rm(bin, { recursive: true, force: true });
    await mkdir(bin);
    for (const [tool, script] of Object.entries(tools)) {
      await writeFile(path.join(bin, tool), script);
      await chmod(path.join(bin, tool), 0o755);
    }
    const [file, ...args] = [
      ...onNode('node1'),
      PORTCULLIS,
      'agent',
      `--manifests=${path.join(folder, 'state')}`,
      '--node-name=node1',
      `--listen=${LISTEN}`,
      '--iptables-backend=auto',
      '--drift-interval=200ms',
      '--log-format=text',
      ...flags,
    ] as const;
    log = [];
    agent = await startProcess(file, args, {
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      output: (line) => log.push(line),
    });
    await until('the first programming', async () => (await get('status')).text.includes('"ready": true'));
  };

  const probe = (from: PodName, families: readonly IpFamily[]): Promise<readonly Outcome[]> =>
    prober.probe(
      families.map((family) => {
        const at = IP_FAMILIES.indexOf(family);
        return {
          netns: from,
          protocol: 'TCP' as const,
          from: PODS[from].ips[at] ?? '',
          to: PODS.web.ips[at] ?? '',
          port: 80,
          timeoutMs: from === 'client' ? 3_000 : 400,
        };
      }),
    );

  /** A live connection of the stranger. @returns whether it still is */
  const connect = async (family: IpFamily): Promise<() => Promise<boolean>> => {
    const at = IP_FAMILIES.indexOf(family);
    const name = `flow${(flows += 1)}`;
    const [from = '', to = ''] = [PODS.stranger.ips[at], PODS.web.ips[at]];
    await prober.open({ name, netns: 'stranger', protocol: 'TCP', from, to, port: 80, count: 1 });
    return async () => (await prober.ask(name, 400)).every((answered) => answered);
  };

  beforeAll(async () => {
    prober = await createProber();
    lab = await openLab({ families: IP_FAMILIES, attach: 'ptp', backend: 'nft' });
    await lab.addNode(dualStackNode(1));
    await lab.addPods(NAMES.map((name) => ({ name, node: 'node1', ...PODS[name] })));
    await prober.serve(PODS.web.ips.map((ip) => ({ netns: 'web', ip, protocol: 'TCP' as const, port: 80 })));
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-parts-'));
    await mkdir(path.join(folder, 'state'));
    const pods = NAMES.map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels: { name } },
      spec: { nodeName: 'node1', containers: [{ name: 'c', image: 'c' }] },
      status: { podIPs: PODS[name].ips.map((ip) => ({ ip })) },
    }));
    const items = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, ...pods];
    await writeFile(path.join(folder, 'state', 'pods.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }, PROBER_START_MS);

  beforeEach(() => putPolicy('client', 'stranger'));

  afterEach(async () => {
    await agent?.stop();
    agent = undefined;
    await cleanUpNode('node1');
  });

  afterAll(async () => {
    await prober.close();
    await lab.close();
    await rm(folder, { recursive: true });
  });

  test.each(CASES)('leaves the others in force, live connections too, and is named: $what', async (each) => {
    const { tools, good, part, flags, code } = each;
    await start(tools, flags);
    const alive = await Promise.all(good.map(connect));
    await putPolicy('client');
    const changedAt = performance.now();
    await until('the live connections to be cut', async () => {
      const answers = await Promise.all(alive.map((isAlive) => isAlive()));
      return answers.every((isAlive) => !isAlive);
    });
    expect(performance.now() - changedAt).toBeLessThan(5_000);
    expect(await probe('client', good)).toEqual(good.map(() => 'open'));
    expect(await probe('stranger', good)).toEqual(good.map(() => 'timeout'));
    const { notInForce } = JSON.parse((await get('status')).text) as { readonly notInForce: readonly object[] };
    expect(notInForce).toMatchObject([{ part }]);
    expect((await get('metrics')).text).toContain(`portcullis_part_is_not_in_force{part="${part}"} 1\n`);
    await until('the probe to say so', async () => (await get('readyz')).code === code);
    expect((await get('readyz')).text).toContain(`${part} is not in force`);
    expect(await get('healthz')).toMatchObject({ code: 200, text: expect.stringContaining(`${part} is not in force`) });
  });

  test('is in force again as soon as it can be, with nobody asking', async () => {
    await start({ 'ip6tables-nft-restore': failing('no space left on device', '*') });
    await until('IPv6 to be told', async () => (await get('healthz')).text.includes('ipv6'));
    await putPolicy('client');
    await rm(path.join(folder, 'bin', 'ip6tables-nft-restore'));
    await until('policy to be in force', async () =>
      (await probe('stranger', IP_FAMILIES)).every((outcome) => outcome === 'timeout'),
    );
    await until('all to be well', async () => (await get('readyz')).text === 'ok\n');
    expect(await probe('client', IP_FAMILIES)).toEqual(['open', 'open']);
  });

  test('may be conntrack(8): what is not cut without it is told, and new connections are judged all the same', async () => {
    await start({ conntrack: failing('conntrack: not found', '*') });
    const isAlive = await connect('ipv4');
    await putPolicy('client');
    const isTold = (): boolean =>
      log.some((line) => line.includes('a part of policy is not in force') && line.includes('live connections'));
    await until('the connection to be cut, or the failure told', async () => isTold() || !(await isAlive()));
    expect(await probe('stranger', IP_FAMILIES)).toEqual(['timeout', 'timeout']);
    expect(await probe('client', IP_FAMILIES)).toEqual(['open', 'open']);
  });
});
