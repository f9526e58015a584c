import { mkdir, mkdtemp, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { StoredFlow } from '../../src/records/record.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { ATTACHMENTS, dualStackNode } from '../support/lab/small-lab.ts';
import { createTalker, type Talker } from '../support/lab/talker.ts';
import { waitFor } from '../support/wait-for.ts';

/** Refusals of a real kernel, as `portcullis flows` prints them. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 60_000;

const ADDRESSES = {
  web: { ipv4: '10.244.1.5', ipv6: 'fd00:10:244:1::5' },
  shy: { ipv4: '10.244.1.6', ipv6: 'fd00:10:244:1::6' },
  far: { ipv4: '10.244.2.5', ipv6: 'fd00:10:244:2::5' },
  gone: { ipv4: '10.244.2.6', ipv6: 'fd00:10:244:2::6' },
} as const;

type Pod = keyof typeof ADDRESSES;
const PODS = Object.keys(ADDRESSES) as readonly Pod[];
const NODE: Readonly<Record<Pod, string>> = { web: 'node1', shy: 'node1', far: 'node2', gone: 'node2' };

const podManifest = (name: Pod): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      labels: { app: name, role: 'admin', 'pod-template-hash': 'abc' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-abc`, uid: name, controller: true },
      ],
    },
    spec: {
      nodeName: NODE[name],
      containers: [
        {
          name: 'c',
          ports: [
            { name: 'http', containerPort: 80 },
            { name: 'metrics', containerPort: 9100 },
          ],
        },
      ],
    },
    status: {
      phase: 'Running',
      podIPs: Object.values(ADDRESSES[name]).map((ip) => ({ ip })),
      hostIPs: IP_FAMILIES.map((family) => ({ ip: nodeAddress(family, Number(NODE[name].slice(-1))) })),
    },
  });

const policyManifest = (name: string, spec: object): string =>
  JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec,
  });

const POLICIES = {
  web: {
    podSelector: { matchLabels: { app: 'web' } },
    policyTypes: ['Ingress'],
    ingress: [
      { from: [{ podSelector: { matchLabels: { app: 'far' } } }], ports: [{ port: 80, protocol: 'TCP' }] },
      { from: [{ podSelector: { matchLabels: { role: 'client' } } }], ports: [{ port: 8080, protocol: 'TCP' }] },
    ],
  },
  shy: { podSelector: { matchLabels: { app: 'shy' } }, policyTypes: ['Egress'] },
};

/** Sends what opens a connection, and waits for nothing. */
const OPEN = `
  use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
  use Socket qw(:DEFAULT inet_pton AF_INET6 pack_sockaddr_in6 MSG_DONTWAIT); use Fcntl;
  my ($kind, $to, $port) = @ARGV;
  my $family = $to =~ /:/ ? AF_INET6 : AF_INET;
  my $end = $family == AF_INET ? pack_sockaddr_in($port, inet_aton($to)) : pack_sockaddr_in6($port, inet_pton(AF_INET6, $to));
  socket(my $socket, $family, $kind eq 'udp' ? SOCK_DGRAM : SOCK_STREAM, 0) or die $!;
  fcntl($socket, F_SETFL, O_NONBLOCK);
  print clock_gettime(CLOCK_MONOTONIC);
  connect($socket, $end);
  send($socket, 'hello', MSG_DONTWAIT) if $kind eq 'udp';
`;

describe.each(ATTACHMENTS)('with pods attached by $attach, rules by $backend', ({ attach, backend }) => {
  let lab: Lab;
  let folder: string;
  let agent: RunningProcess | undefined;
  let watcher: RunningProcess | undefined;
  let log: string[];
  let talkers: Talker[];
  let flows: { readonly flow: StoredFlow; readonly at: number }[];

  const runner = createCommandRunner();
  const listen = `${nodeAddress('ipv4', 1)}:9577`;
  const records = (): string => path.join(folder, 'records');

  const write = async (file: string, text: string): Promise<void> => {
    await writeFile(path.join(folder, `${file}.tmp`), text);
    await rename(path.join(folder, `${file}.tmp`), path.join(folder, 'state', `${file}.json`));
  };

  const start = async (...args: readonly string[]): Promise<void> => {
    const [file, ...rest] = [
      ...onNode('node1'),
      PORTCULLIS,
      'agent',
      `--manifests=${path.join(folder, 'state')}`,
      '--cni-results=0',
      '--node-name=node1',
      `--listen=${listen}`,
      `--iptables-backend=${backend}`,
      `--records-dir=${records()}`,
      '--log-format=text',
      ...args,
    ] as const;
    agent = await startProcess(file, rest, { output: (line) => log.push(line) });
    await waitFor(
      'the agent to be ready',
      DEADLINE_MS,
      async () => {
        const response = await fetch(`http://${listen}/readyz`).catch(() => undefined);
        const socket = await stat(path.join(records(), 'flows.sock')).catch(() => undefined);
        return (response?.ok === true && socket !== undefined) || undefined;
      },
      () => log.join('\n'),
    );
  };

  const watch = async (): Promise<void> => {
    flows = [];
    watcher = await startProcess(
      PORTCULLIS,
      ['flows', '--denied', '-w', '-o', 'json', '--since=1h', `--records-dir=${records()}`],
      {
        output(line) {
          if (!line.startsWith('{')) return;
          flows.push({ flow: JSON.parse(line) as StoredFlow, at: performance.now() });
        },
      },
    );
  };

  /** @returns when it was sent, ms of performance.now() */
  const sendAt = async (from: Pod, to: string, port: number): Promise<number> => {
    const sent = await createCommandRunner(onNode(from)).run('perl', ['-e', OPEN, 'tcp', to, `${port}`]);
    return Number(sent) * 1000 - Number(process.hrtime.bigint() / 1000n) / 1000 + performance.now();
  };

  const open = async (from: Pod, to: string, port: number, kind: 'tcp' | 'udp' = 'tcp'): Promise<void> => {
    await createCommandRunner(onNode(from)).run('perl', ['-e', OPEN, kind, to, `${port}`]);
  };

  const refusal = (what: string, isIt: (flow: StoredFlow) => boolean): Promise<StoredFlow> =>
    waitFor(
      what,
      DEADLINE_MS,
      () => Promise.resolve(flows.find(({ flow }) => isIt(flow))?.flow),
      () => [...flows.map(({ flow }) => JSON.stringify(flow)), ...log].join('\n'),
    );

  beforeEach(async () => {
    log = [];
    talkers = [];
    agent = undefined;
    watcher = undefined;
    lab = await openLab({ attach, backend, families: IP_FAMILIES });
    await lab.addNode(dualStackNode(1));
    await lab.addNode(dualStackNode(2));
    await lab.addPods(PODS.map((name) => ({ name, node: NODE[name], ips: Object.values(ADDRESSES[name]) })));
    folder = await mkdtemp(path.join(tmpdir(), 'rec-'));
    await mkdir(path.join(folder, 'state'));
    await write('namespace', JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }));
    for (const name of PODS) await write(`pod-${name}`, podManifest(name));
    for (const [name, spec] of Object.entries(POLICIES)) await write(`policy-${name}`, policyManifest(name, spec));
  });

  afterEach(async () => {
    await cleanUp(
      () => watcher?.stop(),
      () => agent?.stop(),
      ...talkers.map((talker) => () => talker.stop()),
      () => lab.close(),
      () => removeFolder(folder),
    );
  });

  test('each refused connection is reported with both workloads, the policies and the nearest rule', async () => {
    await start();
    await watch();
    await open('far', ADDRESSES.web.ipv4, 9100);
    expect(await refusal('the port', ({ port }) => port === 9100)).toMatchObject({
      node: 'node1',
      verdict: 'denied',
      direction: 'ingress',
      reason: 'policy',
      source: { kind: 'pod', namespace: 'shop', name: 'far', workload: 'Deployment/far', address: ADDRESSES.far.ipv4 },
      destination: { kind: 'pod', namespace: 'shop', name: 'web', workload: 'Deployment/web' },
      protocol: 'TCP',
      port: 9100,
      portName: 'metrics',
      policies: ['shop/web'],
      rule: 'shop/web spec.ingress[0] would allow this source, but only TCP 80',
    });
    await open('gone', ADDRESSES.web.ipv6, 8080);
    expect(await refusal('the peer', ({ port }) => port === 8080)).toMatchObject({
      rule: 'shop/web spec.ingress[1] would allow TCP 8080, but only from pods role=client in namespace shop',
      farLabels: 'role=admin',
    });
    await open('shy', '203.0.113.9', 53, 'udp');
    expect(await refusal('egress', ({ protocol }) => protocol === 'UDP')).toMatchObject({
      direction: 'egress',
      source: { name: 'shy' },
      destination: { kind: 'internet', address: '203.0.113.9' },
      policies: ['shop/shy'],
      rule: 'shop/shy has no egress rules',
    });
    await createCommandRunner(onNode('node2')).run('perl', ['-e', OPEN, 'tcp', ADDRESSES.web.ipv4, '443']);
    expect(await refusal('the node', ({ port }) => port === 443)).toMatchObject({
      source: { kind: 'node', name: 'node2' },
    });
    await unlink(path.join(folder, 'state', 'pod-gone.json'));
    await waitFor('the pod to be gone', DEADLINE_MS, async () => {
      const text = await (await fetch(`http://${listen}/metrics`)).text();
      return text.includes(`portcullis_cluster_pods ${PODS.length - 1}\n`) || undefined;
    });
    await open('gone', ADDRESSES.web.ipv4, 81);
    const former = await refusal('who had the address', ({ port, source }) => port === 81 && source.kind === 'former');
    expect(former.source).toMatchObject({ pod: 'shop/gone', address: ADDRESSES.gone.ipv4 });
    const listed = await runner.run(PORTCULLIS, ['flows', '--denied', '--pod=web', `--records-dir=${records()}`]);
    expect(listed).toMatch(
      /denied ingress +shop\/far +shop\/web +TCP 9100 \(metrics\) +isolated by shop\/web; nearest: /,
    );
    expect(listed).toMatch(/10\.244\.2\.6 \(had by shop\/gone until \d+ s ago\)/);
    expect(log.filter((line) => line.includes('connection refused')).length).toBeGreaterThanOrEqual(5);
  });

  test('a refusal is reported within a second', async () => {
    await start();
    await watch();
    const ports = Array.from({ length: 40 }, (_, at) => 1000 + at);
    const delays: number[] = [];
    for (const port of ports) {
      const sentAt = await sendAt('far', ADDRESSES.web.ipv4, port);
      await refusal(`port ${port}`, (flow) => flow.port === port);
      const told = flows.find(({ flow }) => flow.port === port)?.at ?? Number.POSITIVE_INFINITY;
      delays.push(told - sentAt);
    }
    // A busy machine may keep a program from running for longer than that.
    const late = delays.filter((delay) => delay >= 1000);
    expect(late.length).toBeLessThanOrEqual(2);
  });

  test('the metric has the count of the kernel, across reloads of the rules', async () => {
    await start();
    await watch();
    const denied = async (): Promise<number> => {
      const text = await (await fetch(`http://${listen}/metrics`)).text();
      const [, count = '0'] =
        /^portcullis_denied_packets_total\{direction="ingress",policy_namespace="shop",isolated_by="web",reason="policy"\} (\d+)$/m.exec(
          text,
        ) ?? [];
      return Number(count);
    };
    for (let at = 0; at < 5; at += 1) await open('far', ADDRESSES.web.ipv4, 9100, 'udp');
    await refusal('the port', ({ port }) => port === 9100);
    expect(await denied()).toBe(5);
    // A change of rules waits for the counters for up to 100 ms: on a busy machine they may come too late, but not each time.
    const kept: boolean[] = [];
    for (let round = 0; round < 8 && !kept.includes(true); round += 1) {
      const before = await denied();
      const port = 9101 + round;
      await open('far', ADDRESSES.web.ipv4, port, 'udp');
      await refusal('another port', (flow) => flow.port === port);
      const rule = flows.at(-1)?.flow.rule;
      await write(
        'policy-web',
        policyManifest('web', round % 2 === 0 ? { ...POLICIES.web, ingress: [] } : POLICIES.web),
      );
      let later = 0;
      await waitFor('the new rules', DEADLINE_MS, async () => {
        await open('far', ADDRESSES.web.ipv4, 9200, 'udp');
        later += 1;
        return flows.some(({ flow }) => flow.port === 9200 && flow.rule !== rule) || undefined;
      });
      const more = (await denied()) - before;
      expect(more).toBeLessThanOrEqual(1 + later);
      kept.push(more === 1 + later);
      flows.splice(0);
    }
    expect(kept).toContain(true);
  });

  test('an allowed connection is reported with the rule that allows it', async () => {
    await start();
    const [web, far] = [createTalker('web'), createTalker('far')];
    talkers.push(web, far);
    await web.listen('http', 'tcp', ADDRESSES.web.ipv4, 80);
    expect(await far.open('http', 'tcp', ADDRESSES.web.ipv4, 80)).toBe('open');
    const listed = await runner.run(PORTCULLIS, ['flows', '--allowed', `--records-dir=${records()}`]);
    expect(listed).toMatch(
      /allowed +shop\/far +shop\/web +TCP 80 \(http\) +by shop\/web; policy shop\/web allows ingress/,
    );
  });

  test('a killed agent loses no more than the last minute, and a new one goes on with the rest', async () => {
    await start();
    await watch();
    await open('far', ADDRESSES.web.ipv4, 9100);
    await refusal('the port', ({ port }) => port === 9100);
    await agent?.stop();
    await watcher?.stop();
    await start();
    const listed = await runner.run(PORTCULLIS, ['flows', `--records-dir=${records()}`]);
    expect(listed).toContain('TCP 9100 (metrics)');
  });
});
