import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { createHostsFile } from '../../src/lab/hosts.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { iptablesProgram } from '../../src/lab/service.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { PROTOCOLS, type Protocol } from '../../src/model/protocol.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { createProber, type Outcome, PROBER_START_MS, type Prober } from '../support/lab/prober.ts';
import { ATTACHMENTS, dualStackNode } from '../support/lab/small-lab.ts';

const runner = createCommandRunner();

const ADDRESSES: Readonly<Record<string, Readonly<Record<IpFamily, string>>>> = {
  web: { ipv4: '10.244.1.5', ipv6: 'fd00:10:244:1::5' },
  app: { ipv4: '10.244.1.6', ipv6: 'fd00:10:244:1::6' },
  db: { ipv4: '10.244.2.5', ipv6: 'fd00:10:244:2::5' },
  // Not from its node's range, as a static address or a second IPAM would have it.
  stray: { ipv4: '10.99.0.7', ipv6: 'fd00:99::7' },
  metadata: { ipv4: '169.254.169.254', ipv6: 'fd00:ec2::254' },
  node1: { ipv4: '172.18.0.2', ipv6: 'fd00:172:18::2' },
  node2: { ipv4: '172.18.0.3', ipv6: 'fd00:172:18::3' },
};

const PODS = { web: 'node1', app: 'node1', db: 'node2', stray: 'node2' } as const;

const addressOf = (name: string, family: IpFamily): string => ADDRESSES[name]?.[family] ?? name;

const bothAddresses = (name: string): readonly string[] => IP_FAMILIES.map((family) => addressOf(name, family));

describe.each(ATTACHMENTS)('a lab with pods attached by $attach', ({ attach, backend }) => {
  let lab: Lab;
  let prober: Prober;

  const reach = async (from: string, to: string, family: IpFamily, protocol: Protocol, port = 80): Promise<Outcome> => {
    const ends = { from: addressOf(from, family), to: addressOf(to, family) };
    const [outcome = 'timeout'] = await prober.probe([{ netns: from, protocol, port, timeoutMs: 1_500, ...ends }]);
    return outcome;
  };

  const serve = (name: string, ips: readonly string[]): Promise<void> =>
    prober.serve(ips.flatMap((ip) => PROTOCOLS.map((protocol) => ({ netns: name, ip, protocol, port: 80 }))));

  beforeAll(async () => {
    prober = await createProber();
    lab = await openLab({ families: IP_FAMILIES, attach, backend });
    await lab.addNode(dualStackNode(1));
    await lab.addPods([{ name: 'web', node: 'node1', ips: bothAddresses('web') }]);
    await lab.addNode(dualStackNode(2));
    await lab.addPods(
      Object.entries(PODS)
        .filter(([name]) => name !== 'web')
        .map(([name, node]) => ({ name, node, ips: bothAddresses(name) })),
    );
    await lab.addExternals([{ name: 'metadata', ips: bothAddresses('metadata') }]);
    for (const name of Object.keys(ADDRESSES)) await serve(name, bothAddresses(name));
  }, PROBER_START_MS);

  afterAll(async () => {
    await prober.close();
  });

  const pairs = Object.keys(ADDRESSES).flatMap((from) =>
    Object.keys(ADDRESSES)
      .filter((to) => to !== from)
      .map((to) => ({ from, to })),
  );

  test.each(pairs)('in the lab, $from reaches $to by both families and all protocols', async ({ from, to }) => {
    const outcomes = await Promise.all(
      IP_FAMILIES.flatMap((family) => PROTOCOLS.map((protocol) => reach(from, to, family, protocol))),
    );
    expect(outcomes).toEqual(outcomes.map(() => 'open'));
  });

  test('in the lab, a closed port refuses connections by all protocols', async () => {
    const outcomes = await Promise.all(PROTOCOLS.map((protocol) => reach('web', 'db', 'ipv4', protocol, 81)));
    expect(outcomes).toEqual(['refused', 'refused', 'refused']);
  });

  test.each(IP_FAMILIES)(
    'in the lab, the node’s firewall sees traffic between two pods of the same node (%s)',
    async (family) => {
      const iptables = iptablesProgram(family, backend);
      const rule = ['FORWARD', '-s', addressOf('app', family), '-d', addressOf('web', family), '-j', 'DROP'];
      const node = createCommandRunner(onNode('node1'));
      await node.run(iptables, ['-A', ...rule]);
      expect(await reach('app', 'web', family, 'TCP')).toBe('timeout');
      await node.run(iptables, ['-D', ...rule]);
      expect(await reach('app', 'web', family, 'TCP')).toBe('open');
    },
  );

  describe('Services of the lab', () => {
    const CLUSTER_IPS = { ipv4: '10.96.0.10', ipv6: 'fd00:10:96::a' } as const;

    beforeAll(async () => {
      const endpoints = bothAddresses('web').map((ip) => ({ ip, port: 80 }));
      const ports = PROTOCOLS.map((protocol) => ({ protocol, port: 8080, endpoints }));
      await lab.setServices([]);
      await lab.setServices([{ clusterIPs: Object.values(CLUSTER_IPS), ports }]);
    });

    test.each(['app', 'db', 'node1', 'web'])('in the lab, %s reaches web through its ClusterIPs', async (from) => {
      const outcomes = await Promise.all(
        IP_FAMILIES.map((family) => reach(from, CLUSTER_IPS[family], family, 'TCP', 8080)),
      );
      expect(outcomes).toEqual(['open', 'open']);
    });

    test('Services of the lab forward UDP and SCTP', async () => {
      expect(await reach('db', CLUSTER_IPS.ipv4, 'ipv4', 'UDP', 8080)).toBe('open');
      expect(await reach('db', CLUSTER_IPS.ipv4, 'ipv4', 'SCTP', 8080)).toBe('open');
    });

    test('Services of the lab end when they are replaced', async () => {
      await lab.setServices([]);
      expect(await reach('app', CLUSTER_IPS.ipv4, 'ipv4', 'TCP', 8080)).toBe('unreachable');
    });
  });

  test('in the lab, a pod can change its addresses', async () => {
    await lab.setPodIps('stray', ['10.244.2.77', '10.98.0.1']);
    await serve('stray', ['10.244.2.77', '10.98.0.1']);
    expect(await reach('web', '10.244.2.77', 'ipv4', 'TCP')).toBe('open');
    expect(await reach('metadata', '10.98.0.1', 'ipv4', 'TCP')).toBe('open');
    expect(await reach('web', addressOf('stray', 'ipv4'), 'ipv4', 'TCP')).toBe('unreachable');
  });

  test('in the lab, a pod can take the address of a removed pod on another node', async () => {
    await prober.forget('app');
    await lab.removePods(['app']);
    expect(await reach('db', 'app', 'ipv4', 'TCP')).not.toBe('open');
    await lab.addPods([{ name: 'app', node: 'node1', ips: bothAddresses('app') }]);
    await serve('app', bothAddresses('app'));
    expect(await reach('db', 'app', 'ipv4', 'TCP')).toBe('open');
    expect(await reach('web', 'app', 'ipv6', 'TCP')).toBe('open');
  });

  test('the lab refuses impossible names and places', async () => {
    await expect(lab.addPods([{ name: 'web', node: 'node1', ips: [] }])).rejects.toThrow('lab: web exists already');
    const twice = { name: 'twin', node: 'node1', ips: [] };
    await expect(lab.addPods([twice, twice])).rejects.toThrow('lab: twin exists already');
    await expect(lab.addPods([{ name: 'new', node: 'node9', ips: [] }])).rejects.toThrow('node9, which does not exist');
    await expect(lab.addPods([{ name: 'a b', node: 'node1', ips: [] }])).rejects.toThrow('"a b" cannot name');
    await expect(lab.removePods(['nobody'])).rejects.toThrow('lab: there is no pod nobody');
  });

  test('the lab leaves nothing behind', async () => {
    for (const name of Object.keys(ADDRESSES)) await prober.forget(name);
    await lab.close();
    expect(await runner.run('ip', ['netns', 'list'])).toBe('');
    const links = JSON.parse(await runner.run('ip', ['-json', 'link', 'show'])) as readonly {
      readonly ifname: string;
    }[];
    expect(links.map(({ ifname }) => ifname)).toEqual(['lo']);
    expect(await runner.run('ip', ['route', 'show'])).toBe('');
  });
});

test('names of the lab resolve for every program in the sandbox', async () => {
  const lab = await openLab({ families: ['ipv4'], attach: 'ptp', backend: 'nft' });
  const hosts = await createHostsFile(runner);
  await hosts.set(new Map([['backend.shop', ['10.96.0.7', 'fd00::7']]]));
  expect(await readFile('/etc/hosts', 'utf8')).toBe(
    '127.0.0.1 localhost\n::1 localhost\n10.96.0.7 backend.shop\nfd00::7 backend.shop\n',
  );
  expect(await runner.run('getent', ['ahosts', 'backend.shop'])).toContain('10.96.0.7');
  await hosts.close();
  await lab.close();
});
