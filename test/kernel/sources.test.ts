import { netlinkIn } from '../support/lab/netlink-in.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { type Backend, iptablesProgram } from '../../src/kernel/iptables.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import { hostCidr } from '../../src/lab/addresses.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { isEmptyPlan, planChanges } from '../../src/render/plan.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { createProber, type Outcome, PROBER_START_MS, type Prober } from '../support/lab/prober.ts';
import { dualStackNode } from '../support/lab/small-lab.ts';
import { waitFor } from '../support/wait-for.ts';

/** Packets whose source is not the sending pod's, on a node where each pod has an interface of its own. */

const ADDRESSES: Readonly<Record<string, Readonly<Record<IpFamily, string>>>> = {
  liar: { ipv4: '10.244.1.5', ipv6: 'fd00:10:244:1::5' },
  neighbour: { ipv4: '10.244.1.6', ipv6: 'fd00:10:244:1::6' },
  far: { ipv4: '10.244.2.5', ipv6: 'fd00:10:244:2::5' },
  outside: { ipv4: '192.0.2.7', ipv6: 'fd00:ec2::254' },
  node1: { ipv4: nodeAddress('ipv4', 1), ipv6: nodeAddress('ipv6', 1) },
};
/** An answer comes within a few ms; on a busy machine it may take longer. */
const ANSWER_MS = 5_000;
/** A spoofed packet gets no answer: what counts is whether it arrived. */
const LIE_MS = 100;

const NOBODY = { ipv4: '198.51.100.9', ipv6: 'fd00:bad::9' };
const SERVICE = { ipv4: '10.96.0.7', ipv6: 'fd00:96::7' };

const ipsOf = (name: string): readonly string[] => Object.values(ADDRESSES[name] ?? {});
const addressOf = (name: string, family: IpFamily): string => (ADDRESSES[name] ?? NOBODY)[family];

const CHECKED: NodeProgram = compileProgram({ isolations: [], faults: [] }, { sources: () => ['veth+'] });
const UNCHECKED: NodeProgram = compileProgram({ isolations: [], faults: [] });

/** The spoofed address, and the destination; no pod accepts a packet from its own address. */
const LIES = [
  { as: 'neighbour', to: 'far' },
  { as: 'far', to: 'outside' },
  { as: 'far', to: 'neighbour' },
  { as: 'outside', to: 'far' },
  { as: 'outside', to: 'neighbour' },
  { as: 'nobody', to: 'neighbour' },
];

const PORT = 80;

describe.each<Backend>(['nft', 'legacy'])('iptables-%s: pods with interfaces of their own', (backend) => {
  let lab: Lab;
  let prober: Prober;
  let kernel: Kernel;
  let node1: ReturnType<typeof netlinkIn>;
  const outside = createCommandRunner();
  const on = (netns: string) => createCommandRunner(inNetns(netns));

  const bring = async (program: NodeProgram): Promise<void> => {
    await kernel.apply(planChanges(await kernel.observe(), program));
    expect(isEmptyPlan(planChanges(await kernel.observe(), program))).toBe(true);
  };

  const probe = async (
    from: string,
    ip: string,
    to: string,
    protocol: 'TCP' | 'UDP',
    port = PORT,
  ): Promise<Outcome> => {
    const [outcome = 'timeout'] = await prober.probe([
      { netns: from, protocol, from: ip, to, port, timeoutMs: ANSWER_MS },
    ]);
    return outcome;
  };

  const received = async (netns: string, family: IpFamily, source: string): Promise<number> => {
    const saved = await on(netns).run(iptablesProgram(family, 'nft', 'save'), ['-c', '-t', 'raw']);
    return saved
      .split('\n')
      .filter((line) => line.endsWith(` -s ${hostCidr(source)}`))
      .reduce((sum, line) => sum + Number(/^\[(\d+):/.exec(line)?.[1] ?? 0), 0);
  };

  /** @returns how many packets of the spoofing pod, sent from the address, arrived */
  const lie = async (as: string, to: string, family: IpFamily): Promise<number> => {
    const source = addressOf(as, family);
    const before = await received(to, family, source);
    await on('liar').run('ip', [
      'address',
      'add',
      hostCidr(source),
      'dev',
      'lo',
      ...(family === 'ipv6' ? ['nodad'] : []),
    ]);
    await prober.probe(
      (['TCP', 'UDP'] as const).map((protocol) => ({
        netns: 'liar',
        protocol,
        from: source,
        to: addressOf(to, family),
        port: PORT,
        timeoutMs: LIE_MS,
      })),
    );
    await on('liar').run('ip', ['address', 'del', hostCidr(source), 'dev', 'lo']);
    return (await received(to, family, source)) - before;
  };

  const dropped = async (family: IpFamily): Promise<number> => {
    const saved = await on('node1').run(iptablesProgram(family, backend, 'save'), ['-c', '-t', 'raw']);
    return Number(/^\[(\d+):\d+\] -A PORTCULLIS-SPOOFED .*-j DROP$/m.exec(saved)?.[1]);
  };

  beforeAll(async () => {
    prober = await createProber();
    lab = await openLab({ families: IP_FAMILIES, attach: 'ptp', backend });
    await lab.addNode(dualStackNode(1));
    await lab.addNode(dualStackNode(2));
    await lab.addPods(
      ['liar', 'neighbour', 'far'].map((name) => ({
        name,
        node: name === 'far' ? 'node2' : 'node1',
        ips: ipsOf(name),
      })),
    );
    await lab.addExternals([{ name: 'outside', ips: ipsOf('outside') }]);
    await lab.setServices([
      {
        clusterIPs: Object.values(SERVICE),
        ports: ['liar', 'far'].flatMap((name, at) =>
          (['TCP', 'UDP'] as const).map((protocol) => ({
            protocol,
            port: 8080 + at,
            endpoints: ipsOf(name).map((ip) => ({ ip, port: PORT })),
          })),
        ),
      },
    ]);
    for (const name of Object.keys(ADDRESSES)) {
      await prober.serve(
        ipsOf(name).flatMap((ip) =>
          (['TCP', 'UDP'] as const).map((protocol) => ({ netns: name, ip, protocol, port: PORT })),
        ),
      );
    }
    // Arrivals are counted before anything there can refuse them.
    for (const family of IP_FAMILIES) {
      const sources = [...Object.keys(ADDRESSES).map((name) => addressOf(name, family)), NOBODY[family]];
      const rules = sources.map((source) => `-A PREROUTING -s ${hostCidr(source)}`);
      for (const netns of ['neighbour', 'far', 'outside']) {
        await on(netns).run(iptablesProgram(family, 'nft', 'restore'), ['--noflush'], {
          input: ['*raw', ...rules, 'COMMIT', ''].join('\n'),
        });
      }
    }
    node1 = netlinkIn(onNode('node1'));
    kernel = createKernel(createCommandRunner(onNode('node1')), {
      backend,
      families: IP_FAMILIES,
      xtablesWaitSeconds: 5,
      reader: node1.reader,
      nft: node1.nft,
    });
  }, PROBER_START_MS);

  afterAll(async () => {
    await node1.netlink.stop();
    await prober.close();
    await lab.close();
    expect(await outside.run('ip', ['netns', 'list'])).toBe('');
  });

  test('spoofed packets arrive without source validation', async () => {
    await bring(UNCHECKED);
    for (const family of IP_FAMILIES) {
      for (const { as, to } of LIES) {
        expect({ family, as, to, arrived: (await lie(as, to, family)) > 0 }).toEqual({ family, as, to, arrived: true });
      }
    }
  });

  test('spoofed packets are dropped and counted with source validation', async () => {
    await bring(CHECKED);
    for (const family of IP_FAMILIES) {
      const before = await dropped(family);
      for (const { as, to } of LIES) {
        expect({ family, as, to, arrived: await lie(as, to, family) }).toEqual({ family, as, to, arrived: 0 });
      }
      expect((await dropped(family)) - before).toBeGreaterThanOrEqual(2 * LIES.length);
    }
  });

  test.each(IP_FAMILIES)('pods that do not spoof reach all others by %s', async (family) => {
    await bring(CHECKED);
    const before = await dropped(family);
    // Neighbours must be resolved again.
    for (const netns of ['node1', 'liar', 'neighbour']) await on(netns).run('ip', ['neighbour', 'flush', 'all']);
    const names = Object.keys(ADDRESSES);
    for (const from of names) {
      const others = names.filter((to) => to !== from).map((to) => addressOf(to, family));
      for (const protocol of ['TCP', 'UDP'] as const) {
        const outcomes = await Promise.all(others.map((to) => probe(from, addressOf(from, family), to, protocol)));
        expect({ from, protocol, outcomes }).toEqual({ from, protocol, outcomes: others.map(() => 'open') });
      }
    }
    expect(await dropped(family)).toBe(before);
  });

  test.each(IP_FAMILIES)('Services work, also those of the pod itself, by %s', async (family) => {
    await bring(CHECKED);
    const before = await dropped(family);
    for (const [from, port] of [
      ['liar', 8080],
      ['liar', 8081],
      ['neighbour', 8080],
      ['neighbour', 8081],
      ['node1', 8080],
    ] as const) {
      for (const protocol of ['TCP', 'UDP'] as const) {
        const outcome = await probe(from, addressOf(from, family), SERVICE[family], protocol, port);
        expect({ from, port, protocol, outcome }).toEqual({ from, port, protocol, outcome: 'open' });
      }
    }
    expect(await dropped(family)).toBe(before);
  });

  test('link-local traffic passes although the node has no such address there', async () => {
    await bring(CHECKED);
    const counted = async (rule: RegExp): Promise<number> =>
      Number(rule.exec(await on('node1').run(iptablesProgram('ipv6', backend, 'save'), ['-c', '-t', 'raw']))?.[1]);
    const spared = /^\[(\d+):\d+\] -A PORTCULLIS-SOURCES -s fe80::\/10 -i veth\+ -j RETURN$/m;
    const device = (
      await on('node1').run('ip', ['-o', '-6', 'route', 'show', hostCidr(addressOf('neighbour', 'ipv6'))])
    ).replace(/^.* dev (\S+) .*$/s, '$1');
    await on('node1').run('ip', ['-6', 'address', 'flush', 'dev', device]);
    const before = [await counted(spared), await dropped('ipv6')] as const;
    // A pod that listens for another neighbour's solicitations reports it on the link (RFC 3810).
    await on('neighbour').run('ip', ['address', 'add', 'fd00:dead::1/128', 'dev', 'eth0', 'nodad']);
    await waitFor('a listener report', 10_000, async () => ((await counted(spared)) > before[0] ? true : undefined));
    expect(await dropped('ipv6')).toBe(before[1]);
  });

  test('source validation covers a later pod from its first packet', async () => {
    await bring(CHECKED);
    await prober.forget('liar');
    await lab.removePods(['liar']);
    await lab.addPods([{ name: 'liar', node: 'node1', ips: ipsOf('liar') }]);
    expect(await lie('far', 'neighbour', 'ipv4')).toBe(0);
    expect(await lie('far', 'neighbour', 'ipv6')).toBe(0);
    expect(await probe('liar', addressOf('liar', 'ipv6'), addressOf('far', 'ipv6'), 'TCP')).toBe('open');
  });

  test('nothing of source validation is left if it is off, with one family and with both', async () => {
    await bring(UNCHECKED);
    for (const family of IP_FAMILIES) {
      expect(await on('node1').run(iptablesProgram(family, backend, 'save'), ['-t', 'raw'])).not.toContain(
        'PORTCULLIS',
      );
    }
    await bring(CHECKED);
    await bring(EMPTY_PROGRAM);
    for (const family of IP_FAMILIES) {
      expect(await on('node1').run(iptablesProgram(family, backend, 'save'), [])).not.toContain('PORTCULLIS');
    }
  });
});
