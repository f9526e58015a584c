import { describe, expect, test } from '@jest/globals';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import type { NodePolicy } from '../../src/policy/node-policy.ts';
import { isolationChain, STRAY_CHAIN } from '../../src/program/names.ts';
import { type AnswerKind, createAnswers } from '../../src/reconcile/answers.ts';
import { createCutMemory, type TcpConnection } from '../../src/reconcile/cut-memory.ts';
import type { OnDeny } from '../../src/model/on-deny.ts';
import type { LoggedPacket } from '../../src/render/netlink/packet-log.ts';
import { readPacket } from '../../src/render/packets/read-packet.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { createDrivenClock } from './driven-clock.ts';

const WEB = '10.1.1.10';
const CLIENT = '10.1.2.11';
const WEB_SIDE = 7;
const CLIENT_SIDE = 9;
const REFUSING = isolationChain('ingress', ['shop/web'], '');

const allowing = (...addresses: readonly string[]): NodePolicy =>
  compileNodePolicy(
    cluster(
      { shop: {} },
      [pod('shop/web', {}, { ips: [WEB] })],
      [
        policy('shop/web', {
          podSelector: {},
          ingress: addresses.map((ip) => ({ from: [{ ipBlock: { cidr: `${ip}/32` } }] })),
        }),
      ],
    ),
    'n1',
  );

const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const UDP = 17;

interface Segment {
  readonly flags?: number;
  readonly sequence?: number;
  readonly protocol?: number;
}

const packetOf = (ends: TcpConnection, { flags = ACK, sequence = 1_000, protocol = 6 }: Segment = {}): Uint8Array => {
  const bytes = Buffer.alloc(40);
  bytes.writeUInt8(0x45, 0);
  bytes.writeUInt16BE(40, 2);
  bytes.writeUInt8(protocol, 9);
  bytes.set(ends.source.split('.').map(Number), 12);
  bytes.set(ends.destination.split('.').map(Number), 16);
  bytes.writeUInt16BE(ends.sourcePort, 20);
  bytes.writeUInt16BE(ends.destinationPort, 22);
  bytes.writeUInt32BE(sequence, 24);
  bytes.writeUInt32BE(2_000, 28);
  bytes.writeUInt8(0x50, 32);
  bytes.writeUInt8(flags, 33);
  return bytes;
};

const FROM_CLIENT: TcpConnection = { source: CLIENT, sourcePort: 50_000, destination: WEB, destinationPort: 80 };
const FROM_WEB: TcpConnection = { source: WEB, sourcePort: 80, destination: CLIENT, destinationPort: 50_000 };

const setUp = (onDeny: OnDeny = 'drop') => {
  const clock = createDrivenClock();
  const memory = createCutMemory(clock);
  const bench = {
    clock,
    memory,
    policy: allowing(CLIENT),
    tracked: false,
    resumed: [] as TcpConnection[],
    /** The packets that were sent, by interface. */
    sent: [] as {
      readonly to: number;
      readonly source: string;
      readonly destination: string;
      readonly sequence: number | undefined;
    }[],
    told: [] as AnswerKind[],
  };
  const answers = createAnswers({
    clock,
    onDeny,
    memory,
    policy: () => bench.policy,
    report: (kind) => {
      bench.told.push(kind);
    },
    port: {
      resume(_, connection) {
        bench.resumed.push(connection);
        return Promise.resolve(!bench.tracked);
      },
      isTracked: () => Promise.resolve(bench.tracked),
      send(to, bytes) {
        const packet = readPacket(bytes);
        if (packet !== undefined)
          bench.sent.push({
            to,
            source: packet.source,
            destination: packet.destination,
            sequence: packet.tcp?.sequence,
          });
      },
    },
  });
  const hear = (ends: TcpConnection, segment?: Segment, logged: Partial<LoggedPacket> = {}): void => {
    const isFromWeb = ends.source === WEB;
    answers.hear({
      prefix: isFromWeb ? STRAY_CHAIN : REFUSING,
      inInterface: isFromWeb ? WEB_SIDE : CLIENT_SIDE,
      outInterface: isFromWeb ? CLIENT_SIDE : WEB_SIDE,
      inPort: 0,
      outPort: 0,
      frame: undefined,
      isGroup: false,
      family: 'ipv4',
      sequence: 0,
      payload: packetOf(ends, segment),
      ...logged,
    });
  };
  return { ...bench, bench, answers, hear };
};

const cutOf = ({ source, sourcePort, destination, destinationPort }: TcpConnection) => [
  {
    family: 'ipv4' as const,
    protocol: 6,
    original: { source, sourcePort, destination, destinationPort, icmp: undefined, zone: 0 },
    reply: {
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
      icmp: undefined,
      zone: 0,
    },
    zone: 0,
  },
];

describe('segments of forgotten connections', () => {
  test('a server’s segment restores nothing by itself: if policy allows it, the agent asks the client with an old number', async () => {
    const { bench, hear, clock } = setUp();
    hear(FROM_WEB);
    await clock.pass(60_000);
    expect(bench.resumed).toEqual([]);
    expect(bench.sent).toEqual([{ to: CLIENT_SIDE, source: WEB, destination: CLIENT, sequence: 999 }]);
    expect(bench.told).toEqual(['asked']);
  });

  test('a segment whose ports show nothing is restored once the opener has spoken', async () => {
    const { bench, hear, clock } = setUp();
    const [fromClient, fromWeb] = [
      { ...FROM_CLIENT, sourcePort: 20_000, destinationPort: 8_080 },
      { ...FROM_WEB, sourcePort: 8_080, destinationPort: 20_000 },
    ];
    hear(fromWeb);
    await clock.settle();
    expect(bench.told).toEqual(['asked']);
    hear(fromClient, {}, { prefix: STRAY_CHAIN });
    await clock.settle();
    expect(bench.resumed).toEqual([fromClient]);
    expect(bench.told).toEqual(['asked', 'resumed']);
  });

  test('another node’s inquiry is passed on as an inquiry, and restores nothing', async () => {
    const { bench, hear, clock } = setUp();
    hear(FROM_WEB, { flags: SYN | ACK });
    hear({ ...FROM_CLIENT, destinationPort: 40_000 }, { flags: SYN | ACK }, { prefix: STRAY_CHAIN });
    await clock.pass(60_000);
    expect(bench.resumed).toEqual([]);
    expect(bench.told).toEqual(['asked']);
  });

  test('a segment that may not pass is answered after five seconds, to its sender only', async () => {
    const { bench, hear, clock } = setUp();
    bench.policy = allowing();
    hear(FROM_CLIENT);
    await clock.pass(4_900);
    expect(bench.sent).toEqual([]);
    await clock.pass(200);
    expect(bench.sent).toEqual([{ to: CLIENT_SIDE, source: WEB, destination: CLIENT, sequence: 2_000 }]);
  });

  test('a cut segment is answered to both ends, with the earliest number that the other one may expect', async () => {
    const { bench, hear, clock } = setUp();
    bench.policy = allowing();
    bench.memory.note(cutOf(FROM_CLIENT));
    hear(FROM_CLIENT, { sequence: 1_100 });
    hear(FROM_CLIENT, { sequence: 1_000 });
    hear(FROM_CLIENT, { sequence: 1_200 });
    await clock.pass(5_100);
    expect(bench.sent).toEqual([
      { to: CLIENT_SIDE, source: WEB, destination: CLIENT, sequence: 2_000 },
      { to: WEB_SIDE, source: CLIENT, destination: WEB, sequence: 1_000 },
    ]);
  });

  test('a connection of which both ends sent segments is answered to both', async () => {
    const { bench, hear, clock } = setUp();
    bench.policy = allowing();
    hear(FROM_CLIENT);
    hear(FROM_WEB);
    await clock.pass(5_100);
    expect(bench.sent.map(({ to }) => to).sort((a, b) => a - b)).toEqual([WEB_SIDE, CLIENT_SIDE]);
  });

  test('a segment passes if policy allows it again in time', async () => {
    const { bench, hear, clock } = setUp();
    bench.policy = allowing();
    hear(FROM_CLIENT);
    await clock.pass(3_000);
    bench.policy = allowing(CLIENT);
    await clock.pass(3_000);
    expect(bench.resumed).toEqual([FROM_CLIENT]);
    expect(bench.sent).toEqual([]);
  });

  test('a segment is left alone if the kernel tracks its connection', async () => {
    const { bench, hear, clock } = setUp();
    bench.policy = allowing();
    bench.tracked = true;
    hear(FROM_CLIENT);
    await clock.pass(60_000);
    expect(bench.sent).toEqual([]);
  });

  test.each<[string, Segment, Partial<LoggedPacket>]>([
    ['a reset', { flags: RST | ACK }, {}],
    ['half of an opening', { flags: SYN | ACK }, {}],
    ['one that the node itself sent', {}, { inInterface: 0 }],
    ['one for more than one host', {}, { isGroup: true }],
    ['one that cannot be read', {}, { payload: new Uint8Array(3) }],
  ])('a segment gets no answer: %s', async (_, segment, logged) => {
    const { bench, hear, clock } = setUp('reject');
    bench.policy = allowing();
    hear(FROM_CLIENT, segment, logged);
    await clock.pass(60_000);
    expect([...bench.sent, ...bench.resumed]).toEqual([]);
  });
});

describe('floods of segments', () => {
  test('a flood of segments of ever new connections needs bounded memory, and gets a bounded number of answers', async () => {
    const { bench, hear, clock } = setUp();
    bench.policy = allowing();
    for (let at = 0; at < 20_000; at += 1) hear({ ...FROM_CLIENT, source: `10.2.${at >> 8}.${at & 255}` });
    await clock.pass(6_000);
    expect(bench.sent.length).toBeLessThanOrEqual(400);
    expect(bench.sent.length).toBeGreaterThanOrEqual(100);
  });
});

describe('packets that open a connection', () => {
  test('a refused opening packet is answered at once if so configured, and otherwise never', async () => {
    for (const [onDeny, count] of [
      ['drop', 0],
      ['reject', 2],
    ] as const) {
      const { bench, hear, clock } = setUp(onDeny);
      hear(FROM_CLIENT, { flags: SYN });
      hear(FROM_CLIENT, { protocol: UDP });
      await clock.settle();
      expect(bench.sent).toHaveLength(count);
      expect(bench.sent.every(({ to, destination }) => to === CLIENT_SIDE && destination === CLIENT)).toBe(true);
    }
  });

  test.each(['224.0.0.1', '255.255.255.255', '127.0.0.1', '0.0.0.0', '239.255.255.250'])(
    'a refused opening packet is not answered to or from %s',
    async (address) => {
      const { bench, hear, clock } = setUp('reject');
      hear({ ...FROM_CLIENT, destination: address }, { protocol: UDP });
      hear({ ...FROM_CLIENT, source: address }, { protocol: UDP });
      await clock.settle();
      expect(bench.sent).toEqual([]);
    },
  );
});
