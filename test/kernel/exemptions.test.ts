import { netlinkIn } from '../support/lab/netlink-in.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { iptablesProgram } from '../../src/kernel/iptables.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import type { NodeNetwork } from '../../src/model/node-network.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyKey, PolicyObject } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { createNodeCompiler } from '../../src/reconcile/node-compiler.ts';
import { isEmptyPlan, planChanges } from '../../src/render/plan.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { createProber, type Outcome, PROBER_START_MS, type Prober } from '../support/lab/prober.ts';
import { icmpError, icmpPacket, SEND_RAW, udpPacket, vxlanLoad } from '../support/lab/raw-packet.ts';
import { ATTACHMENTS, dualStackNode } from '../support/lab/small-lab.ts';
import { waitFor } from '../support/wait-for.ts';

/** Traffic that passes without being judged by policy: forged packets that claim to be such, and honest ones that need it. */

const ADDRESSES: Readonly<Record<string, Readonly<Record<IpFamily, string>>>> = {
  /** May neither send nor receive. */
  closed: { ipv4: '10.244.1.5', ipv6: 'fd00:10:244:1::5' },
  /** May send to and receive from `far` only. */
  web: { ipv4: '10.244.1.6', ipv6: 'fd00:10:244:1::6' },
  open: { ipv4: '10.244.1.7', ipv6: 'fd00:10:244:1::7' },
  far: { ipv4: '10.244.2.5', ipv6: 'fd00:10:244:2::5' },
  outside: { ipv4: '192.0.2.7', ipv6: 'fd00:ec2::254' },
  node1: { ipv4: nodeAddress('ipv4', 1), ipv6: nodeAddress('ipv6', 1) },
  node2: { ipv4: nodeAddress('ipv4', 2), ipv6: nodeAddress('ipv6', 2) },
};
const SERVICE = { ipv4: '10.96.0.7', ipv6: 'fd00:96::7' };
const VXLAN_PORT = 8472;
const CLOSED_PORT = 4242;
/** Time in which a packet arrives or does not; a packet that must arrive is repeated. */
const PATIENCE_MS = 120;
const DEADLINE_MS = 20_000;

const ipsOf = (name: string): readonly string[] => Object.values(ADDRESSES[name] ?? {});
const at = (name: string, family: IpFamily): string => (ADDRESSES[name] ?? SERVICE)[family];

const pod = (name: string, node: string): readonly [string, PodEndpoint] => {
  const identity = { uid: name, namespace: 'shop', name, node, labels: new Map([['app', name]]), ports: [] };
  return [name, { ...identity, ips: ipsOf(name), hostIPs: ipsOf(node), hostNetwork: false, createdAt: 0 }];
};

const policy = (name: string, rules: object): readonly [PolicyKey, PolicyObject] => [
  `shop/${name}` as PolicyKey,
  {
    key: `shop/${name}` as PolicyKey,
    namespace: 'shop',
    name,
    spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress', 'Egress'], ...rules },
  },
];

const FAR = [{ podSelector: { matchLabels: { app: 'far' } } }];
const SNAPSHOT: ClusterSnapshot = {
  pods: new Map([pod('closed', 'node1'), pod('web', 'node1'), pod('open', 'node1'), pod('far', 'node2')]),
  namespaces: new Map([['shop', { name: 'shop', labels: new Map<string, string>() }]]),
  policies: new Map([policy('closed', {}), policy('web', { ingress: [{ from: FAR }], egress: [{ to: FAR }] })]),
};

describe.each(ATTACHMENTS)('iptables-$backend, pods attached by $attach', ({ backend, attach }) => {
  let lab: Lab;
  let prober: Prober;
  let kernel: Kernel;
  let node1: ReturnType<typeof netlinkIn>;
  let judged: NodeProgram;
  let lengths = 300;
  const on = (netns: string) => createCommandRunner(inNetns(netns));

  const bring = async (program: NodeProgram): Promise<void> => {
    await kernel.apply(planChanges(await kernel.observe(), program));
    expect(isEmptyPlan(planChanges(await kernel.observe(), program))).toBe(true);
  };

  /** A load that gives the packet a unique length, by which it is counted where it arrives. */
  const send = async (
    from: string,
    to: string,
    family: IpFamily,
    make: (load: Buffer) => Buffer,
    carry: (packet: Buffer) => { readonly packet: Buffer; readonly to: string } = (packet) => ({
      packet,
      to: at(to, family),
    }),
  ): Promise<boolean> => {
    lengths += 1;
    const inner = make(Buffer.alloc(lengths - make(Buffer.alloc(0)).length, '.'));
    const restore = (line: string): Promise<string> =>
      on(to).run(iptablesProgram(family, 'nft', 'restore'), ['--noflush'], { input: `*raw\n${line}\nCOMMIT\n` });
    const rule = `PREROUTING -m length --length ${String(inner.length)}`;
    await restore(`-A ${rule}`);
    const outer = carry(inner);
    await on(from).run('perl', ['-e', SEND_RAW, outer.to, outer.packet.toString('hex')]);
    const count = async (): Promise<number> => {
      const saved = await on(to).run(iptablesProgram(family, 'nft', 'save'), ['-c', '-t', 'raw']);
      return Number(new RegExp(`^\\[(\\d+):\\d+\\] -A ${rule}$`, 'm').exec(saved)?.[1]);
    };
    const end = performance.now() + PATIENCE_MS;
    let arrived = 0;
    while (arrived === 0 && performance.now() < end) arrived = await count();
    await restore(`-D ${rule}`);
    return arrived > 0;
  };

  const expectArrival = async (what: string, attack: () => Promise<boolean>): Promise<void> => {
    await waitFor(what, DEADLINE_MS, async () => ((await attack()) ? true : undefined));
  };

  const expectSilence = async (what: string, attack: () => Promise<boolean>): Promise<void> => {
    expect({ what, arrived: await attack() }).toEqual({ what, arrived: false });
  };

  const probe = async (from: string, to: string, family: IpFamily, port: number, protocol: 'TCP' | 'UDP' = 'UDP') => {
    const [outcome = 'timeout'] = await prober.probe([
      { netns: from, protocol, from: at(from, family), to: at(to, family), port, timeoutMs: 1500 },
    ]);
    return outcome satisfies Outcome;
  };

  /** Sends an honest datagram, so that conntrack tracks a connection. @returns its source port */
  const connect = async (from: string, to: string, family: IpFamily): Promise<number> => {
    lengths += 1;
    const port = 20_000 + lengths;
    const datagram = udpPacket({ from: at(from, family), to: at(to, family) }, [port, CLOSED_PORT], Buffer.from('x'));
    await on(from).run('perl', ['-e', SEND_RAW, at(to, family), datagram.toString('hex')]);
    const conntrack = async (): Promise<true | undefined> => {
      const table = await on('node1').run('conntrack', ['-L', '-f', family, '-p', 'udp', '--sport', String(port)]);
      return table.includes(`sport=${String(port)}`) ? true : undefined;
    };
    await waitFor('the connection to be tracked', 10_000, conntrack);
    return port;
  };

  /** Returns an error, "fragmentation needed" or "packet too big" or else "port unreachable", about a datagram of `to`. */
  const error = (
    from: string,
    [client, server, port]: readonly [string, string, number],
    family: IpFamily,
    kind: 'too big' | 'unreachable' = 'unreachable',
    to = client,
  ): Promise<boolean> => {
    const [type, code] = {
      ipv4: { 'too big': [3, 4], unreachable: [3, 3] },
      ipv6: { 'too big': [2, 0], unreachable: [1, 4] },
    }[family][kind] as [number, number];
    const ends = { from: at(client, family), to: at(server, family) };
    return send(from, to, family, (load) =>
      icmpError({ from: at(from, family), to: at(to, family) }, type, code, udpPacket(ends, [port, CLOSED_PORT], load)),
    );
  };

  beforeAll(async () => {
    prober = await createProber();
    lab = await openLab({ families: IP_FAMILIES, attach, backend });
    await lab.addNode(dualStackNode(1));
    await lab.addNode(dualStackNode(2));
    await lab.addPods([...SNAPSHOT.pods.values()].map(({ name, node, ips }) => ({ name, node, ips })));
    await lab.addExternals([{ name: 'outside', ips: ipsOf('outside') }]);
    await lab.setServices([
      {
        clusterIPs: Object.values(SERVICE),
        ports: [
          { protocol: 'UDP', port: 8053, endpoints: ipsOf('web').map((ip) => ({ ip, port: 53 })) },
          { protocol: 'UDP', port: 8054, endpoints: ipsOf('web').map((ip) => ({ ip, port: CLOSED_PORT })) },
          { protocol: 'UDP', port: 8055, endpoints: ipsOf('far').map((ip) => ({ ip, port: CLOSED_PORT })) },
        ],
      },
    ]);
    for (const name of ['closed', 'web', 'open', 'far']) {
      await prober.serve(ipsOf(name).map((ip) => ({ netns: name, ip, protocol: 'UDP', port: 53 })));
    }
    node1 = netlinkIn(onNode('node1'));
    kernel = createKernel(createCommandRunner(onNode('node1')), {
      backend,
      families: IP_FAMILIES,
      xtablesWaitSeconds: 5,
      reader: node1.reader,
      nft: node1.nft,
    });
    await on('node1').run('ip', [
      ...['link', 'add', 'flannel.1', 'type', 'vxlan', 'id', '1', 'local', at('node1', 'ipv4'), 'dev'],
      ...[
        (await on('node1').run('ip', ['-o', 'route', 'get', at('node2', 'ipv4')])).replace(/^.* dev (\S+) .*$/s, '$1'),
      ],
      ...['dstport', String(VXLAN_PORT), 'nolearning'],
    ]);
    await on('node1').run('ip', ['link', 'set', 'flannel.1', 'up']);
    const network: NodeNetwork = {
      addresses: [...ipsOf('node1'), '10.244.1.1', 'fd00:10:244:1::1'],
      nodes: [...ipsOf('node1'), ...ipsOf('node2')],
      bridges: [],
      tunnelPorts: [VXLAN_PORT],
      tunnelProtocols: [],
      closedPorts: { ipv4: [VXLAN_PORT], ipv6: [] },
    };
    const compiler = createNodeCompiler('node1', { guard: { network: () => network } });
    compiler.update(SNAPSHOT, 'everything');
    judged = compiler.program();
  }, PROBER_START_MS);

  afterAll(async () => {
    await node1.netlink.stop();
    await prober.close();
    await lab.close();
  });

  describe.each(IP_FAMILIES)('%s', (family) => {
    test('ICMP errors with a made-up quotation reach no pod, and leave no pod, that may not communicate', async () => {
      await bring(judged);
      const ofClosed = await connect('closed', 'node1', family);
      const ofOutside = await connect('outside', 'node1', family);
      const forged = {
        'to the pod, about what it sent to its node': () => error('outside', ['closed', 'node1', ofClosed], family),
        'the same by another pod': () => error('open', ['closed', 'node1', ofClosed], family, 'too big'),
        'by the pod, about what another sent to the node': () =>
          error('closed', ['outside', 'node1', ofOutside], family),
        'by the pod, about no connection': () => error('closed', ['outside', 'node1', 9], family),
        'to the pod, about a connection of another': () =>
          error('outside', ['outside', 'node1', ofOutside], family, 'unreachable', 'closed'),
      };
      for (const [what, attack] of Object.entries(forged)) await expectSilence(what, attack);
      await bring(EMPTY_PROGRAM);
      for (const [what, attack] of Object.entries(forged)) await expectArrival(what, attack);
    });

    test('ICMP errors of hosts and routers pass: closed ports, and packets that are too big', async () => {
      await bring(judged);
      expect(await probe('web', 'far', family, CLOSED_PORT)).toBe('refused');
      expect(await probe('far', 'web', family, CLOSED_PORT)).toBe('refused');
      expect(await probe('far', 'service', family, 8054)).toBe('refused');
      expect(await probe('web', 'service', family, 8055)).toBe('refused');
      expect(await probe('closed', 'node1', family, CLOSED_PORT)).toBe('refused');
      const port = await connect('web', 'far', family);
      await expectArrival('packet too big', () => error('outside', ['web', 'far', port], family, 'too big'));
    });

    test('a packet whose source is its own destination is dropped, and a pod reaches itself through a Service', async () => {
      const own = (name: string) => () =>
        send('outside', name, family, (load) =>
          udpPacket({ from: at(name, family), to: at(name, family) }, [4444, 53], load),
        );
      // Nothing is checked before the hooks of the filter table.
      const unguarded = createNodeCompiler('node1', {});
      unguarded.update(SNAPSHOT, 'everything');
      for (const program of [judged, unguarded.program()]) {
        await bring(program);
        await expectSilence('closed', own('closed'));
        await expectSilence('web', own('web'));
        expect(await probe('web', 'service', family, 8053)).toBe('open');
      }
      await bring(EMPTY_PROGRAM);
      await expectArrival('closed', own('closed'));
    });

    test('packets with addresses of the node and its pods are dropped on uplinks', async () => {
      const as = (name: string) => () =>
        send('outside', 'open', family, (load) =>
          udpPacket({ from: at(name, family), to: at('open', family) }, [4444, 53], load),
        );
      await bring(EMPTY_PROGRAM);
      await expectArrival('web', as('web'));
      await bring(judged);
      await expectSilence('web', as('web'));
      await expectSilence('node1', as('node1'));
      for (const from of ['outside', 'far', 'node1', 'node2']) {
        expect({ from, outcome: await probe(from, 'open', family, 53) }).toEqual({ from, outcome: 'open' });
      }
    });

    test('only nodes can send packets into a tunnel', async () => {
      const mac = (
        await on('node1')
          .run('cat', ['/sys/class/net/flannel.1/address'])
          .catch(() => '')
      ).trim();
      const link = mac === '' ? await on('node1').run('ip', ['-o', 'link', 'show', 'flannel.1']) : `link/ether ${mac}`;
      const [, own = ''] = /link\/ether (\S+)/.exec(link) ?? [];
      const inject = (from: string) => () =>
        send(
          from,
          'open',
          family,
          (load) => udpPacket({ from: at('far', family), to: at('open', family) }, [4444, 53], load),
          (packet) => ({
            packet: udpPacket(
              { from: at(from, 'ipv4'), to: at('node1', 'ipv4') },
              [4444, VXLAN_PORT],
              vxlanLoad(1, own, packet),
            ),
            to: at('node1', 'ipv4'),
          }),
        );
      await bring(EMPTY_PROGRAM);
      for (const from of ['open', 'outside', 'node2']) await expectArrival(from, inject(from));
      await bring(judged);
      for (const from of ['open', 'outside']) await expectSilence(from, inject(from));
      await expectArrival('node2', inject('node2'));
    });
  });

  test('ICMPv6 of neighbour discovery is no channel, and neighbours are found', async () => {
    const types = [1, 2, 3, 4, 130, 131, 132, 133, 134, 135, 136, 137, 143];
    const message = (from: string, to: string, type: number, hopLimit: number) => () =>
      send(from, to, 'ipv6', (load) =>
        icmpPacket({ from: at(from, 'ipv6'), to: at(to, 'ipv6'), hopLimit }, type, 0, load),
      );
    await bring(judged);
    for (const type of types) {
      // A router decrements each: this is the required value at the hook.
      const hopLimit = [130, 131, 132, 143].includes(type) ? 2 : 255;
      await expectSilence(`${String(type)} to closed`, message('outside', 'closed', type, hopLimit));
      await expectSilence(`${String(type)} from closed`, message('closed', 'outside', type, hopLimit));
    }
    await Promise.all(
      ['node1', 'web', 'open'].map((netns) => on(netns).run('ip', ['-6', 'neighbour', 'flush', 'all'])),
    );
    expect(await probe('far', 'web', 'ipv6', 53)).toBe('open');
    expect(await probe('far', 'open', 'ipv6', 53)).toBe('open');
    await bring(EMPTY_PROGRAM);
    for (const type of [2, 130, 135]) await expectArrival(String(type), message('outside', 'closed', type, 64));
  });
});
