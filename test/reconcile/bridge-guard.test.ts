import { expect, test } from '@jest/globals';
import type { LocalPod } from '../../src/bridge/owners.ts';
import type { PodLink } from '../../src/model/pod-link.ts';
import type { Isolation } from '../../src/policy/node-policy.ts';
import { createBridgeGuard } from '../../src/reconcile/bridge-guard.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { EMPTY_PLAN } from '../../src/render/plan.ts';
import { FACTS, isolation } from '../bridge/small-bridge.ts';
import { createDrivenClock } from './driven-clock.ts';
import { createFakeBridge } from './fake-bridge.ts';

const link = (name: string, last: number, mac = `02:00:00:00:00:0${last}`): PodLink => ({
  ips: [`10.1.0.${last}`],
  hostInterface: undefined,
  bridged: { podUid: `shop/${name}`, nodeInterfaces: ['cni0', `veth-${name}`], mac },
});

type Tamper = (bridge: ReturnType<typeof createFakeBridge>) => void;

const TAMPERING: readonly (readonly [kind: string, tamper: Tamper])[] = [
  ['table_missing', (bridge) => void (bridge.table = undefined)],
  [
    'rules_changed',
    (bridge) => {
      if (bridge.table !== undefined) bridge.table = { ...bridge.table, shape: 'less' };
    },
  ],
  [
    'elements_changed',
    (bridge) => {
      (bridge.table?.sets.isolated as Set<string>).clear();
    },
  ],
];

const setUp = (
  start: {
    readonly recordGroup?: number;
    readonly links?: readonly PodLink[];
    readonly pods?: readonly LocalPod[];
  } = {},
) => {
  const clock = createDrivenClock();
  const bridge = createFakeBridge({ node: FACTS.node, shown: { ipv4: true, ipv6: true } });
  const state = {
    links: start.links ?? [link('web', 2), link('client', 3)],
    pods: start.pods ?? [
      { uid: 'shop/web', ips: ['10.1.0.2'] },
      { uid: 'shop/client', ips: ['10.1.0.3'] },
    ],
    isolations: [] as readonly Isolation[],
  };
  const told: string[] = [];
  const guard = createBridgeGuard(
    { checkIntervalMs: 2_000, logGroup: undefined, recordGroup: () => start.recordGroup },
    {
      inputs: {
        links: () => state.links,
        pods: () => state.pods,
        routers: () => new Set(),
        families: ['ipv4', 'ipv6'],
      },
      kernel: bridge,
      clock,
      isolations: () => state.isolations,
      onPorts: () => told.push('ports'),
      onGuarantee: (guarantee) => told.push(`guarantee ${guarantee?.level ?? 'none'}`),
      onDrift: ({ kind, by }) => told.push(`drift ${kind} by ${by ?? 'nobody'}`),
    },
  );
  const begin = async (): Promise<void> => {
    guard.hasLooked();
    await clock.pass(10);
    expect(guard.hasLooked()).toBe(true);
    guard.notePass(false);
    await clock.pass(10);
  };
  const inIptables = (work: () => Promise<void>): Kernel =>
    guard.over({ families: ['ipv4'], observe: () => Promise.reject(new Error()), apply: work });
  return { clock, bridge, state, told, guard, begin, inIptables };
};

/** An agent without results, whose predecessor has learned the owner of 10.1.0.2 and left its table. */
const setUpSuccessor = async (): Promise<ReturnType<typeof setUp>> => {
  const first = setUp({ links: [link('client', 3)] });
  first.bridge.claimed = [{ port: 'veth-old', mac: '02:00:00:00:00:02', address: '10.1.0.2' }];
  await first.begin();
  await first.clock.pass(500);
  const second = setUp({ links: [link('client', 3)] });
  second.bridge.table = first.bridge.table;
  return second;
};

test('a pod is isolated on the bridge before iptables isolates it, and until iptables opens', async () => {
  const { clock, bridge, state, begin, inIptables } = setUp();
  await begin();
  const seen: (readonly string[])[] = [];
  const kernel = inIptables(() => {
    seen.push(bridge.held('isolated'));
    return Promise.resolve();
  });
  state.isolations = [isolation('ingress', 'web')];
  const closing = kernel.apply(EMPTY_PLAN);
  await clock.pass(10);
  await closing;
  state.isolations = [];
  const opening = kernel.apply(EMPTY_PLAN);
  await clock.pass(10);
  await opening;
  expect(seen).toEqual([['"veth-web"'], ['"veth-web"']]);
  expect(bridge.held('isolated')).toEqual([]);
});

test('after a failed change of iptables the tighter of both states stays', async () => {
  const { clock, bridge, state, begin, guard, inIptables } = setUp();
  state.isolations = [isolation('ingress', 'web')];
  await begin();
  state.isolations = [];
  const outcome = inIptables(() => Promise.reject(new Error('no')))
    .apply(EMPTY_PLAN)
    .catch(String);
  await clock.pass(10);
  expect(await outcome).toBe('Error: no');
  guard.notePass(false);
  await clock.pass(5_000);
  expect(bridge.held('isolated')).toEqual(['"veth-web"']);
  const opening = inIptables(() => Promise.resolve()).apply(EMPTY_PLAN);
  await clock.pass(10);
  await opening;
  expect(bridge.held('isolated')).toEqual([]);
});

test('drops are reported to the group of records; a kernel that takes no reports gets the rules without them', async () => {
  const { bridge, begin } = setUp({ recordGroup: 20_549 });
  await begin();
  expect(bridge.table?.shape).toContain('group 20549');
  const other = setUp({ recordGroup: 20_549 });
  other.bridge.refusesReports = true;
  other.state.isolations = [isolation('ingress', 'web')];
  await other.begin();
  expect(other.bridge.held('isolated')).toEqual(['"veth-web"']);
  expect(other.bridge.table?.shape).not.toContain('log prefix');
  expect(other.guard.refusal()).toBeUndefined();
});

test('a bridge table that cannot be written delays nothing; it is reported and retried', async () => {
  const { clock, bridge, told, begin, guard, inIptables } = setUp();
  bridge.refusal = new Error('spawn nft ENOENT');
  await begin();
  let applied = false;
  const apply = inIptables(() => {
    applied = true;
    return Promise.resolve();
  }).apply(EMPTY_PLAN);
  await clock.pass(10);
  await apply;
  expect(applied).toBe(true);
  await clock.pass(4_000);
  expect(told).toContain('guarantee address-only');
  expect(guard.status()?.reasons).toEqual(['the table of the bridge family is not in force: spawn nft ENOENT']);
  bridge.refusal = undefined;
  await clock.pass(70_000);
  expect(bridge.held('known')).toEqual(['"veth-client"', '"veth-web"']);
  expect(told.at(-1)).toBe('guarantee full');
});

test('a bridge table that hangs delays iptables for up to half a second', async () => {
  const { clock, bridge, begin, state, inIptables } = setUp();
  await begin();
  bridge.write = (): Promise<void> => new Promise(() => undefined);
  state.isolations = [isolation('ingress', 'web')];
  let applied = false;
  void inIptables(() => {
    applied = true;
    return Promise.resolve();
  }).apply(EMPTY_PLAN);
  await clock.pass(600);
  expect(applied).toBe(true);
});

test.each(TAMPERING)('drift of the bridge table is found and repaired: %s', async (kind, tamper) => {
  const { clock, bridge, told, state, begin, guard } = setUp();
  state.isolations = [isolation('ingress', 'web')];
  await begin();
  // The guard also receives its own transaction.
  guard.noteTable('nft');
  await clock.pass(1_100);
  tamper(bridge);
  guard.noteTable('nft');
  await clock.pass(1_500);
  expect(told).toContain(`drift ${kind} by nft`);
  expect(bridge.held('isolated')).toEqual(['"veth-web"']);
  expect(bridge.table?.shape).toContain('chain');
});

test('another program’s change just after our write is not taken for ours', async () => {
  const { clock, bridge, begin, guard } = setUp();
  const { read } = bridge;
  bridge.read = () => {
    // The first read is of a predecessor's table.
    if (bridge.table === undefined) return Promise.resolve(undefined);
    bridge.read = read;
    bridge.table = { ...bridge.table, shape: 'less' };
    return Promise.resolve(bridge.table);
  };
  await begin();
  guard.noteTable('nft');
  guard.noteTable('nft');
  await clock.pass(1_500);
  expect(bridge.table?.shape).toContain('chain');
});

test('the bridge table is read from time to time if the kernel reports no changes', async () => {
  const { clock, bridge, told, begin, guard } = setUp();
  await begin();
  bridge.table = undefined;
  for (let passes = 0; passes < 80; passes += 1) {
    guard.notePass(true);
    await clock.pass(2_000);
  }
  expect(told).toContain('drift table_missing by nobody');
});

test('a pod that returns with another MAC behind the same port has only that one', async () => {
  const { clock, bridge, state, begin, guard } = setUp();
  await begin();
  state.links = [link('web', 2, '02:00:00:00:00:0a'), link('client', 3)];
  guard.noteLinks();
  await clock.pass(100);
  expect(bridge.held('ownmac')).toEqual(['"veth-client" . 02:00:00:00:00:03', '"veth-web" . 02:00:00:00:00:0a']);
});

test('without a result the agent asks all ports, and the only one that answers has the address; the guarantee is weaker', async () => {
  const { clock, bridge, told, begin, guard } = setUp({ links: [link('client', 3)] });
  bridge.claimed = [{ port: 'veth-old', mac: '02:00:00:00:00:02', address: '10.1.0.2' }];
  await begin();
  expect(bridge.held('wanted4')).toEqual(['10.1.0.2']);
  await clock.pass(500);
  expect(bridge.asked[0]).toEqual({ bridge: 3, mac: '02:00:00:00:00:fe', from: '10.1.0.1', target: '10.1.0.2' });
  expect(bridge.held('learned')).toEqual(['"veth-old"']);
  expect(guard.ports()?.portOf.get('shop/web')).toBe('veth-old');
  await clock.pass(4_000);
  expect(told).toContain('guarantee learned');
  // Pinned: later answers of other ports change nothing.
  bridge.claimed = [{ port: 'veth-web', mac: '02:00:00:00:00:07', address: '10.1.0.2' }];
  await clock.pass(60_000);
  expect(bridge.held('own4')).toContain('"veth-old" . 10.1.0.2');
});

test('a successor takes over what its predecessor had learned', async () => {
  const second = await setUpSuccessor();
  await second.begin();
  expect(second.bridge.held('own4')).toContain('"veth-old" . 10.1.0.2');
  expect(second.bridge.asked).toEqual([]);
});

test('a bridge table that cannot be read at first is not overwritten, and learned owners are taken over later', async () => {
  const second = await setUpSuccessor();
  const { read } = second.bridge;
  second.bridge.read = () => Promise.reject(new Error('nft: Resource temporarily unavailable'));
  await second.begin();
  await second.clock.pass(900);
  expect(second.bridge.written).toEqual([]);
  expect(second.guard.refusal()).toBe('nft: Resource temporarily unavailable');
  second.bridge.read = read;
  await second.clock.pass(2_000);
  expect(second.guard.refusal()).toBeUndefined();
  expect(second.bridge.held('own4')).toContain('"veth-old" . 10.1.0.2');
  expect(second.bridge.asked).toEqual([]);
});

test('a first read that exceeds its wait still takes over learned owners', async () => {
  const second = await setUpSuccessor();
  const late = Promise.withResolvers<undefined>();
  second.bridge.look = () => late.promise.then(() => second.bridge.found);
  expect(second.guard.hasLooked()).toBe(false);
  await second.clock.pass(5_100);
  expect(second.guard.hasLooked()).toBe(true);
  second.guard.notePass(false);
  late.resolve(undefined);
  await second.clock.pass(100);
  second.guard.notePass(false);
  await second.clock.pass(100);
  expect(second.bridge.held('own4')).toContain('"veth-old" . 10.1.0.2');
});

test('a bridge table that can never be read is written again in the end', async () => {
  const { clock, bridge, begin } = setUp();
  const { read } = bridge;
  let reads = 0;
  bridge.read = () => {
    reads += 1;
    return reads <= 5 ? Promise.reject(new Error('nft: unknown expression')) : read();
  };
  await begin();
  await clock.pass(30_000);
  expect(bridge.held('known')).toEqual(['"veth-client"', '"veth-web"']);
});

test('a node without pods on bridges writes no table and needs no reads', async () => {
  const { clock, bridge, state, guard } = setUp();
  state.links = [{ ips: ['10.1.0.2', '10.1.0.3'], hostInterface: 'veth1' }];
  let looks = 0;
  bridge.look = () => {
    looks += 1;
    return Promise.resolve(bridge.found);
  };
  expect(guard.hasLooked()).toBe(true);
  guard.noteChange();
  guard.notePass(false);
  await clock.pass(200_000);
  expect([looks, bridge.written, guard.status()]).toEqual([0, [], undefined]);
});
