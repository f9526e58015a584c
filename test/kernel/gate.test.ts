import { netlinkIn } from '../support/lab/netlink-in.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { parseCidr } from '../../src/policy/cidr.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { createNodeCompiler, type NodeCompiler } from '../../src/reconcile/node-compiler.ts';
import { isEmptyPlan, planChanges, planDelta } from '../../src/render/plan.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { createProber, type Outcome, PROBER_START_MS, type Prober } from '../support/lab/prober.ts';
import { ATTACHMENTS, dualStackNode } from '../support/lab/small-lab.ts';
import { cleanUp } from '../support/clean-up.ts';

/** Packets to and from an unknown pod, on a node whose gate is always closed. */

const ADDRESSES: Readonly<Record<string, Readonly<Record<IpFamily, string>>>> = {
  known: { ipv4: '10.244.1.5', ipv6: 'fd00:10:244:1::5' },
  early: { ipv4: '10.244.1.6', ipv6: 'fd00:10:244:1::6' },
  far: { ipv4: '10.244.2.5', ipv6: 'fd00:10:244:2::5' },
  node1: { ipv4: nodeAddress('ipv4', 1), ipv6: nodeAddress('ipv6', 1) },
};

const ipsOf = (name: string): readonly string[] => Object.values(ADDRESSES[name] ?? {});

describe.each(ATTACHMENTS)('with pods attached by $attach', ({ attach, backend }) => {
  let lab: Lab;
  let prober: Prober;
  let kernel: Kernel;
  let node1: ReturnType<typeof netlinkIn>;
  let compiler: NodeCompiler;
  const pods = new Map<string, PodEndpoint>();

  const learn = async (name: string): Promise<void> => {
    const identity = { uid: name, namespace: 'shop', name, node: 'node1', labels: new Map(), hostIPs: [], ports: [] };
    pods.set(name, { ...identity, ips: ipsOf(name), hostNetwork: false, createdAt: 0 });
    const snapshot = { pods, namespaces: new Map(), policies: new Map() };
    const delta = compiler.update(snapshot, 'everything');
    const isFirst = pods.size === 1;
    await kernel.apply(
      isFirst ? planChanges(await kernel.observe(), compiler.program()) : planDelta(delta, IP_FAMILIES),
    );
  };

  const reach = async (from: string, to: string, family: IpFamily): Promise<Outcome> => {
    const ends = { from: ADDRESSES[from]?.[family] ?? '', to: ADDRESSES[to]?.[family] ?? '' };
    const [outcome = 'timeout'] = await prober.probe([
      { netns: from, protocol: 'TCP', port: 80, timeoutMs: 1500, ...ends },
    ]);
    return outcome;
  };

  beforeAll(async () => {
    prober = await createProber();
    lab = await openLab({ families: IP_FAMILIES, attach, backend });
    await lab.addNode(dualStackNode(1));
    await lab.addNode(dualStackNode(2));
    await lab.addPods([
      { name: 'known', node: 'node1', ips: ipsOf('known') },
      { name: 'early', node: 'node1', ips: ipsOf('early') },
      { name: 'far', node: 'node2', ips: ipsOf('far') },
    ]);
    const listeners = ['known', 'early', 'far'].flatMap((netns) =>
      ipsOf(netns).map((ip) => ({ netns, ip, protocol: 'TCP' as const, port: 80 })),
    );
    await prober.serve(listeners);
    node1 = netlinkIn(onNode('node1'));
    kernel = createKernel(createCommandRunner(onNode('node1')), {
      backend,
      families: IP_FAMILIES,
      xtablesWaitSeconds: 5,
      reader: node1.reader,
      nft: node1.nft,
    });
    const ranges = dualStackNode(1).podCidrs.flatMap((range) => parseCidr(range) ?? []);
    compiler = createNodeCompiler('node1', { gate: { scope: 'all', ranges: () => ranges } });
    await learn('known');
  }, PROBER_START_MS);

  afterAll(async () => {
    await cleanUp(
      () => node1.netlink.stop(),
      () => prober.close(),
      () => lab.close(),
    );
  });

  test.each(IP_FAMILIES)('an unknown pod is closed to other pods, in both directions (%s)', async (family) => {
    expect(await reach('far', 'early', family)).toBe('timeout');
    expect(await reach('known', 'early', family)).toBe('timeout');
    expect(await reach('early', 'far', family)).toBe('timeout');
    expect(await reach('far', 'known', family)).toBe('open');
    expect(await reach('known', 'far', family)).toBe('open');
  });

  test.each(IP_FAMILIES)('an unknown pod is open to its own node, whose kubelet probes it (%s)', async (family) => {
    expect(await reach('node1', 'early', family)).toBe('open');
  });

  test.each(IP_FAMILIES)('a pod is open as soon as it is known (%s)', async (family) => {
    await learn('early');
    expect(isEmptyPlan(planChanges(await kernel.observe(), compiler.program()))).toBe(true);
    expect(await reach('far', 'early', family)).toBe('open');
    expect(await reach('early', 'far', family)).toBe('open');
  });
});
