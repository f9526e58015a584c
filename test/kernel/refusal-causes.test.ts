import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { macFor } from '../../src/lab/addresses.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { StoredFlow } from '../../src/records/record.ts';
import { cniResultFile, cniResultText } from '../support/cni/cni-result.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { dualStackNode } from '../support/lab/small-lab.ts';
import { arp, type Ends, ethernet, udp4, udp6 } from './bridge-frames.ts';
import { type Cause, CAUSES, LATER_CAUSES, NODE_PORT, SERVICES } from './causes/catalogue.ts';
import {
  addressOf,
  EXTERNALS,
  NAMESPACES,
  namespaceManifest,
  POD_NAMES,
  podManifest,
  PODS,
  type PodName,
  POLICIES,
  policyManifest,
  workloadOf,
} from './causes/cluster.ts';
import { createStage, type Stage } from './causes/stage.ts';

/** Connections that are refused for each cause there is, by a real kernel and agent, as `portcullis flows --denied -w` tells them. */

/** From sending to the record, in ms. */
const delays: number[] = [];

const percentile = (share: number): string =>
  (delays.toSorted((a, b) => a - b)[Math.ceil(share * delays.length) - 1] ?? 0).toFixed(0);

/** What a record says, with undefined for each field of the expected one that it does not have. */
const asTold = (flow: StoredFlow, expected: Cause['expected']): object => ({
  ...Object.fromEntries(Object.keys(expected).map((key) => [key, undefined])),
  ...flow,
});

/** The kernel reports one packet a second of an edge: what follows a refusal of the same edge is sent again after this time. */
const AGAIN_MS = 1500;

const tryCause = async (stage: Stage, { what, from, sent, expected }: Cause): Promise<StoredFlow> => {
  const mark = stage.mark();
  let sentAt = await stage.send(from, sent);
  let sending = Promise.resolve();
  const timer = setInterval(() => {
    sending = stage.send(from, sent).then((now) => {
      sentAt = now;
    });
  }, AGAIN_MS);
  const { protocol, port } = expected;
  const { flow, at } = await stage
    .refusal(what, mark, (each) => each.protocol === protocol && each.port === port)
    .finally(() => {
      clearInterval(timer);
      return sending;
    });
  expect({ what, flow: asTold(flow, expected) }).toMatchObject({
    what,
    flow: { node: 'node1', verdict: 'denied', ...expected },
  });
  delays.push(at - sentAt);
  return flow;
};

afterAll(() => {
  process.stdout.write(
    `${delays.length} refusals, told after ${percentile(0.5)} ms (p50), ${percentile(0.99)} ms (p99)\n`,
  );
});

describe('with pods on interfaces of their own', () => {
  let lab: Lab;
  let stage: Stage;

  const nodePort = async (node: string, rules: readonly string[]): Promise<void> => {
    const to = `-p tcp --dport ${NODE_PORT} -j DNAT --to-destination ${addressOf('web')}:80`;
    const input = ['*nat', `-A PREROUTING ${to}`, ...rules, 'COMMIT', ''].join('\n');
    await createCommandRunner(onNode(node)).run('iptables-nft-restore', ['--noflush'], { input });
  };

  const setUp = async (): Promise<void> => {
    lab = await openLab({ attach: 'ptp', backend: 'nft', families: IP_FAMILIES });
    for (const at of [1, 2]) await lab.addNode(dualStackNode(at));
    await lab.addPods(
      POD_NAMES.map((name) => ({
        name,
        node: PODS[name].node,
        ips: IP_FAMILIES.map((family) => addressOf(name, family)),
      })),
    );
    await lab.addExternals(Object.entries(EXTERNALS).map(([name, ip]) => ({ name, ips: [ip] })));
    await lab.setServices(SERVICES);
    await nodePort('node1', []);
    await nodePort('node2', [
      `-A POSTROUTING -d ${addressOf('web')} -m conntrack --ctorigdst ${nodeAddress('ipv4', 2)} -j MASQUERADE`,
    ]);
    stage = await createStage('nft');
    for (const name of Object.keys(NAMESPACES)) await stage.put(`namespace-${name}`, namespaceManifest(name));
    for (const name of POD_NAMES) await stage.put(`pod-${name}`, podManifest(name));
    for (const key of Object.keys(POLICIES)) await stage.put(`policy-${key.replace('/', '-')}`, policyManifest(key));
    await stage.start('--cni-results=0', '--anti-spoofing=veth+');
  };

  afterEach(() => stage.close(lab));

  // One test: the runner ends the processes that a test leaves behind, such as those of an agent that the next one needs.
  test('the record of each refusal has both ends, the policies, the nearest rule and what it lacks', async () => {
    await setUp();
    const services: (readonly [told: string | undefined, expected: unknown])[] = [];
    for (const cause of CAUSES) {
      const { service, ...expected } = cause.expected;
      const told = await tryCause(stage, { ...cause, expected });
      services.push([told.service, service]);
    }
    // A kernel without NETFILTER_NETLINK_GLUE_CT tells no connection with a report, and so no Service.
    const told = services.map(([each]) => each);
    expect([services.map(([, expected]) => expected), services.map(() => undefined)]).toContainEqual(told);

    // A pod reaches itself by its Service, whatever isolates it: the next refusal is of what it sends next.
    const mark = stage.mark();
    await stage.send('vault', { kind: 'tcp', to: '10.96.0.30', port: 80 });
    await stage.send('vault', { kind: 'tcp', to: addressOf('client'), port: 81 });
    const next = await stage.refusal('the next one', mark, ({ source }) => 'name' in source && source.name === 'vault');
    expect(next.flow).toMatchObject({ destination: { name: 'client' }, port: 81 });

    await stage.remove('pod-gone');
    await stage.remove('pod-early');
    await stage.untilPods(POD_NAMES.length - 2);
    await stage.put('pod-late', podManifest('early', IP_FAMILIES, 'late'));
    await stage.untilPods(POD_NAMES.length - 1);
    for (const cause of LATER_CAUSES) await tryCause(stage, cause);

    expect(stage.log.filter((line) => line.includes('connection refused')).length).toBeGreaterThan(20);
    const text = await stage.metrics();
    for (const key of ['web', 'named', 'plain,plain-too', 'vault', 'ledger']) {
      expect(text).toMatch(
        new RegExp(
          `^portcullis_denied_packets_total\\{direction="ingress",[^}]*isolated_by="${key}",reason="policy"\\} [1-9]`,
          'm',
        ),
      );
    }
    expect(text).toMatch(/^portcullis_denied_packets_total\{[^}]*reason="spoofed_source"\} (?:[2-9]|\d\d+)$/m);
  }, 600_000);
});

describe('with pods on a bridge', () => {
  const NAMES = ['vault', 'open', 'web'] as const satisfies readonly PodName[];
  type Name = (typeof NAMES)[number];
  const deviceOf = (name: Name): string => `veth0000${PODS[name].last.toString(16).padStart(4, '0')}`;
  const macOf = (name: Name): string => macFor(addressOf(name));
  let lab: Lab;
  let stage: Stage;

  const end = (name: Name): object => ({
    kind: 'pod',
    namespace: 'shop',
    name,
    workload: workloadOf(name),
    address: addressOf(name),
  });
  const ends = (from: Name, to: Name, changes: Partial<Ends> = {}): Ends => ({
    from: macOf(from),
    to: macOf(to),
    source: addressOf(from),
    destination: addressOf(to),
    ...changes,
  });

  const noteResult = (name: Name): Promise<void> => {
    const result = {
      cniVersion: '1.0.0',
      interfaces: [
        { name: 'cni0' },
        { name: deviceOf(name) },
        { name: 'eth0', mac: macOf(name), sandbox: `/run/netns/${name}` },
      ],
      ips: [{ interface: 2, address: `${addressOf(name)}/24` }],
    };
    const parts = { uid: `shop/${name}`, addresses: [], container: name, result };
    return stage.note(cniResultFile(parts), cniResultText(parts));
  };

  const setUp = async (): Promise<void> => {
    lab = await openLab({ attach: 'bridge', backend: 'nft', families: ['ipv4'] });
    await lab.addNode(dualStackNode(1));
    await lab.addPods(NAMES.map((name) => ({ name, node: 'node1', ips: [addressOf(name)], device: deviceOf(name) })));
    stage = await createStage('nft');
    await stage.put('namespace', namespaceManifest('shop'));
    for (const name of NAMES) {
      await stage.put(`pod-${name}`, podManifest(name, ['ipv4']));
      await noteResult(name);
    }
    await stage.put('policy', policyManifest('shop/vault'));
    await stage.start();
    await stage.until('the bridge to be guarded', async () => {
      const { bridges } = (await stage.status()) as { readonly bridges?: { readonly level?: string } };
      const table = await createCommandRunner(onNode('node1'))
        .run('nft', ['list', 'table', 'bridge', 'portcullis'])
        .catch(() => '');
      return bridges?.level === 'full' && table.includes('group 205') && /set isolated \{[^}]*veth/.test(table);
    });
  };

  afterEach(() => stage.close(lab));

  const spoofed = (sentAs: object): object => ({
    reason: 'spoofed source',
    source: end('open'),
    sentAs,
    policies: [],
  });
  const toVault = {
    reason: 'bridge',
    source: end('open'),
    destination: end('vault'),
    policies: ['shop/vault'],
    sentAs: undefined,
  };

  const FRAMES: readonly (readonly [what: string, frame: () => string, expected: Cause['expected']])[] = [
    [
      'a frame of the link alone, by IPv6',
      () => udp6(ends('open', 'vault', { source: 'fe80::ff:fe00:1', destination: 'fe80::ff:fe00:2' })),
      {
        ...toVault,
        protocol: 'UDP',
        port: 9,
        detail: 'an isolated pod without an IPv6 address sends and receives no IPv6',
      },
    ],
    [
      'a frame that is neither IP nor ARP',
      () => ethernet(ends('open', 'vault'), '88cc', '0011'),
      {
        ...toVault,
        protocol: 'ethertype 0x88cc',
        port: 0,
        detail: 'an isolated pod sends and receives IP and ARP alone',
      },
    ],
    [
      'a spoofed address',
      () => udp4(ends('open', 'vault', { source: addressOf('web') })),
      { ...spoofed(end('web')), destination: end('vault'), protocol: 'UDP', port: 9 },
    ],
    [
      'a spoofed MAC',
      () => udp4(ends('open', 'vault', { from: macOf('web') })),
      {
        ...spoofed({ kind: 'link', address: macOf('web') }),
        protocol: 'UDP',
        port: 9,
        detail: 'the source MAC is not that of the pod at this port',
      },
    ],
    [
      'an answer of ARP for another pod, to everybody',
      () => arp(ends('open', 'open', { to: 'ff:ff:ff:ff:ff:ff', source: addressOf('web') }), 'reply'),
      { ...spoofed(end('web')), protocol: 'ARP', port: 0, detail: 'the ARP reply claims an address of another' },
    ],
  ];

  test('the record of each dropped frame has the pods at both ports, who it claims to be, and what is wrong', async () => {
    await setUp();
    for (const [what, frame, expected] of FRAMES) {
      await tryCause(stage, { what, from: 'open', sent: { kind: 'frame', hex: frame() }, expected });
    }
    await tryCause(stage, {
      what: 'a connection between pods of one bridge',
      from: 'open',
      sent: { kind: 'tcp', to: addressOf('vault'), port: 80 },
      expected: {
        direction: 'ingress',
        reason: 'policy',
        source: end('open'),
        destination: end('vault'),
        protocol: 'TCP',
        port: 80,
        policies: ['shop/vault'],
        rule: 'shop/vault has no ingress rules',
      },
    });
    const text = await stage.metrics();
    for (const reason of ['address', 'ethertype', 'source', 'mac', 'arp']) {
      expect(text).toMatch(new RegExp(`^portcullis_bridge_dropped_packets_total\\{reason="${reason}"\\} [1-9]`, 'm'));
    }
    const lines = stage.log.filter((line) => line.includes('connection refused')).join('\n');
    expect(lines).toContain('sent as shop/web');
  }, 600_000);
});
