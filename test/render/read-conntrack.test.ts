import { describe, expect, test } from '@jest/globals';
import type { Connection, ConnectionSelection, Opening, TrackedConnection } from '../../src/model/connection.ts';
import { openingOf } from '../../src/trace/connection-judge.ts';
import { createFileReader, createListReader } from '../../src/render/read-conntrack.ts';

/** Output of conntrack 1.4.7 with `-o extended,id`. */
const TCP =
  'ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1139 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1139 [ASSURED] mark=0 use=1 id=3282610457';

const ALL: ConnectionSelection = { concerns: () => true, selects: () => true };

const readList = (text: string, selection: Partial<ConnectionSelection> = {}): readonly TrackedConnection[] => {
  const reader = createListReader({ ...ALL, ...selection });
  reader.take(text);
  return reader.end();
};

const readFile = (text: string, selection: Partial<ConnectionSelection> = {}): readonly Connection[] => {
  const reader = createFileReader({ ...ALL, ...selection });
  reader.take(text);
  return reader.end();
};

const all = (text: string): readonly TrackedConnection[] => readList(text);

const tuple = (text: string, more: object = {}) => {
  const [source = '', sourcePort, destination = '', destinationPort] = text.split(' ');
  return {
    source,
    destination,
    sourcePort: Number(sourcePort),
    destinationPort: Number(destinationPort),
    icmp: undefined,
    zone: 0,
    ...more,
  };
};

const LINES: readonly (readonly [what: string, line: string, expected: TrackedConnection])[] = [
  [
    'TCP',
    TCP,
    {
      family: 'ipv4',
      protocol: 6,
      original: tuple('10.0.0.1 1139 10.0.0.2 80'),
      reply: tuple('10.0.0.2 80 10.0.0.1 1139'),
      zone: 0,
      id: 3282610457,
    },
  ],
  [
    'UDP to a Service in a zone, with a mark',
    'ipv4     2 udp      17 999 src=10.0.0.1 dst=10.96.0.2 sport=5555 dport=53 src=10.0.0.9 dst=10.0.0.1 sport=5353 dport=5555 [ASSURED] mark=12 zone=7 use=1 id=3440981508',
    {
      family: 'ipv4',
      protocol: 17,
      original: tuple('10.0.0.1 5555 10.96.0.2 53'),
      reply: tuple('10.0.0.9 5353 10.0.0.1 5555'),
      zone: 7,
      id: 3440981508,
    },
  ],
  [
    'one that was masqueraded, not answered yet',
    'ipv4     2 udp      17 29 src=10.0.0.1 dst=192.0.2.7 sport=40000 dport=443 [UNREPLIED] src=192.0.2.7 dst=172.18.0.3 sport=443 dport=61001 mark=0 use=1 id=7',
    {
      family: 'ipv4',
      protocol: 17,
      original: tuple('10.0.0.1 40000 192.0.2.7 443'),
      reply: tuple('192.0.2.7 443 172.18.0.3 61001'),
      zone: 0,
      id: 7,
    },
  ],
  [
    'with counters, a security context and a helper',
    'ipv4     2 tcp      6 300 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=5 dport=21 packets=10 bytes=840 src=10.0.0.2 dst=10.0.0.1 sport=21 dport=5 packets=9 bytes=700 [ASSURED] mark=1 secctx=u:r:t helper=ftp use=2 id=8',
    {
      family: 'ipv4',
      protocol: 6,
      original: tuple('10.0.0.1 5 10.0.0.2 21'),
      reply: tuple('10.0.0.2 21 10.0.0.1 5'),
      zone: 0,
      id: 8,
    },
  ],
  [
    'offloaded, which has no timeout',
    'ipv4     2 tcp      6 src=10.0.0.1 dst=10.0.0.2 sport=5 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=5 [OFFLOAD] mark=0 use=2 id=9',
    {
      family: 'ipv4',
      protocol: 6,
      original: tuple('10.0.0.1 5 10.0.0.2 80'),
      reply: tuple('10.0.0.2 80 10.0.0.1 5'),
      zone: 0,
      id: 9,
    },
  ],
  [
    'zones of one direction each',
    'ipv4     2 udp      17 999 src=10.0.0.1 dst=10.0.0.2 sport=5555 dport=53 zone-orig=3 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=5555 zone-reply=4 mark=0 use=1 id=4284416499',
    {
      family: 'ipv4',
      protocol: 17,
      original: tuple('10.0.0.1 5555 10.0.0.2 53', { zone: 3 }),
      reply: tuple('10.0.0.2 53 10.0.0.1 5555', { zone: 4 }),
      zone: 0,
      id: 4284416499,
    },
  ],
  [
    'ICMP',
    'ipv4     2 icmp     1 99 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=77 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=77 mark=0 use=1 id=425291185',
    {
      family: 'ipv4',
      protocol: 1,
      original: tuple('10.0.0.1 0 10.0.0.2 0', { icmp: { type: 8, code: 0, id: 77 } }),
      reply: tuple('10.0.0.2 0 10.0.0.1 0', { icmp: { type: 0, code: 0, id: 77 } }),
      zone: 0,
      id: 425291185,
    },
  ],
  [
    'ICMPv6',
    'ipv6     10 icmpv6   58 99 src=fd00::1 dst=fd00::2 type=128 code=0 id=77 [UNREPLIED] src=fd00::2 dst=fd00::1 type=129 code=0 id=77 mark=0 use=1 id=1710804309',
    {
      family: 'ipv6',
      protocol: 58,
      original: tuple('fd00::1 0 fd00::2 0', { icmp: { type: 128, code: 0, id: 77 } }),
      reply: tuple('fd00::2 0 fd00::1 0', { icmp: { type: 129, code: 0, id: 77 } }),
      zone: 0,
      id: 1710804309,
    },
  ],
  [
    'SCTP',
    'ipv4     2 sctp     132 99 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 mark=0 use=1 id=1461515006',
    {
      family: 'ipv4',
      protocol: 132,
      original: tuple('10.0.0.1 1 10.0.0.2 2'),
      reply: tuple('10.0.0.2 2 10.0.0.1 1'),
      zone: 0,
      id: 1461515006,
    },
  ],
  [
    'GRE',
    'ipv4     2 gre      47 99 src=10.0.0.1 dst=10.0.0.2 srckey=0x1 dstkey=0x2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 srckey=0x2 dstkey=0x1 mark=0 use=1 id=945204701',
    {
      family: 'ipv4',
      protocol: 47,
      original: tuple('10.0.0.1 1 10.0.0.2 2'),
      reply: tuple('10.0.0.2 2 10.0.0.1 1'),
      zone: 0,
      id: 945204701,
    },
  ],
  [
    'a protocol without ports, addresses that are printed with a dotted end',
    'ipv6     10 unknown  89 999 src=::0.1.0.0 dst=fd00::2 [UNREPLIED] src=fd00::2 dst=::0.1.0.0 mark=0 use=1 id=2714817691',
    {
      family: 'ipv6',
      protocol: 89,
      original: tuple('::1:0 0 fd00::2 0'),
      reply: tuple('fd00::2 0 ::1:0 0'),
      zone: 0,
      id: 2714817691,
    },
  ],
];

test.each(LINES)('a conntrack line is read: %s', (_, line, expected) => {
  expect(all(`${line}\n`)).toEqual([expected]);
});

describe('list of connections', () => {
  test('a list of connections is read to its last line, complete or not', () => {
    const lines = LINES.map(([, line]) => line);
    expect(all(`${lines.join('\n')}\n`)).toHaveLength(LINES.length);
    expect(all(lines.join('\n'))).toHaveLength(LINES.length);
    expect(all('')).toEqual([]);
  });

  test('a list’s selection gets the source, and the destination after DNAT', () => {
    const asked: string[] = [];
    const found = readList(LINES.map(([, line]) => line).join('\n'), {
      concerns(source, destination) {
        asked.push(`${source} ${destination}`);
        return destination === '10.0.0.9';
      },
    });
    expect(found.map(({ id }) => id)).toEqual([3440981508]);
    expect(asked).toContain('10.0.0.1 10.0.0.9');
    expect(asked).toContain('::1:0 fd00::2');
  });

  test('a list’s selection gets the opening of each concerned connection, and the selected ones are read', () => {
    const asked: Opening[] = [];
    const found = readList(LINES.map(([, line]) => line).join('\n'), {
      concerns: (source) => source === '10.0.0.1',
      selects(opening) {
        asked.push(opening);
        return opening.protocol === 47;
      },
    });
    const ofLines = LINES.map(([, , expected]) => openingOf(expected)).filter(({ source }) => source === '10.0.0.1');
    expect(asked).toEqual(ofLines);
    expect(asked).toContainEqual({
      source: '10.0.0.1',
      destination: '10.0.0.9',
      protocol: 17,
      port: 5353,
      sourcePort: 5555,
    });
    expect(found.map(({ id }) => id)).toEqual([945204701]);
  });

  test('a list is read wherever its pieces end', () => {
    const text = LINES.map(([, line]) => `${line}\n`).join('');
    const whole = all(text);
    for (const length of [1, 7, 100, 1000]) {
      const reader = createListReader(ALL);
      for (let at = 0; at < text.length; at += length) reader.take(text.slice(at, at + length));
      expect(reader.end()).toEqual(whole);
    }
  });

  test('a list may have lines of other kinds', () => {
    expect(all(`conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n${TCP}\nnonsense\n`)).toHaveLength(
      1,
    );
  });
});

/** Lines of /proc/net/nf_conntrack from Linux 6.18. */
const FILE_LINES: readonly (readonly [what: string, line: string, expected: object])[] = [
  [
    'TCP',
    'ipv4     2 tcp      6 999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1 [ASSURED] mark=0 zone=0 use=2',
    {
      family: 'ipv4',
      protocol: 6,
      original: tuple('10.0.0.1 1 10.0.0.2 80'),
      reply: tuple('10.0.0.2 80 10.0.0.1 1'),
      zone: 0,
    },
  ],
  [
    'UDP to a Service in a zone',
    'ipv4     2 udp      17 999 src=10.0.0.1 dst=10.96.0.2 sport=5 dport=53 src=10.0.0.9 dst=10.0.0.1 sport=5353 dport=5 [ASSURED] mark=6 zone=7 use=2',
    {
      family: 'ipv4',
      protocol: 17,
      original: tuple('10.0.0.1 5 10.96.0.2 53'),
      reply: tuple('10.0.0.9 5353 10.0.0.1 5'),
      zone: 7,
    },
  ],
  [
    'a zone of one direction',
    'ipv4     2 udp      17 99 src=10.0.0.1 dst=10.0.0.2 sport=3 dport=80 zone-orig=9 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=3 [ASSURED] mark=0 use=2',
    {
      family: 'ipv4',
      protocol: 17,
      original: tuple('10.0.0.1 3 10.0.0.2 80', { zone: 9 }),
      reply: tuple('10.0.0.2 80 10.0.0.1 3'),
      zone: 0,
    },
  ],
  [
    'GRE',
    'ipv4     2 gre      47 99 timeout=0, stream_timeout=0 src=10.0.0.1 dst=10.0.0.2 srckey=0x1 dstkey=0x2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 srckey=0x2 dstkey=0x1 mark=0 zone=0 use=2',
    {
      family: 'ipv4',
      protocol: 47,
      original: tuple('10.0.0.1 1 10.0.0.2 2'),
      reply: tuple('10.0.0.2 2 10.0.0.1 1'),
      zone: 0,
    },
  ],
  [
    'ICMPv6',
    'ipv6     10 icmpv6   58 99 src=fd00:0000:0000:0000:0000:0000:0000:0001 dst=fd00:0000:0000:0000:0000:0000:0000:0002 type=128 code=0 id=77 [UNREPLIED] src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=fd00:0000:0000:0000:0000:0000:0000:0001 type=129 code=0 id=77 mark=0 zone=0 use=2',
    {
      family: 'ipv6',
      protocol: 58,
      original: tuple('fd00::1 0 fd00::2 0', { icmp: { type: 128, code: 0, id: 77 } }),
      reply: tuple('fd00::2 0 fd00::1 0', { icmp: { type: 129, code: 0, id: 77 } }),
      zone: 0,
    },
  ],
  [
    'IPv6 addresses of few bits, an IPv4-mapped one among them, which stays one of IPv6',
    'ipv6     10 udp      17 999 src=0000:0000:0000:0000:0000:ffff:0a00:0001 dst=0000:0000:0000:0000:0000:0000:0001:0000 sport=1 dport=80 src=0000:0000:0000:0000:0000:0000:0001:0000 dst=0000:0000:0000:0000:0000:ffff:0a00:0001 sport=80 dport=1 [ASSURED] mark=0 zone=0 use=2',
    {
      family: 'ipv6',
      protocol: 17,
      original: tuple('::ffff:a00:1 1 ::1:0 80'),
      reply: tuple('::1:0 80 ::ffff:a00:1 1'),
      zone: 0,
    },
  ],
];

describe('the kernel’s file of connections', () => {
  test.each(FILE_LINES)('the kernel’s file is read: %s', (_, line, expected) => {
    expect(readFile(`${line}\n`)).toEqual([expected]);
  });

  test('the kernel’s file gives the selection canonical source and destination after DNAT', () => {
    const asked: string[] = [];
    const found = readFile(FILE_LINES.map(([, line]) => `${line}\n`).join(''), {
      concerns(source, destination) {
        asked.push(`${source} ${destination}`);
        return destination === 'fd00::2';
      },
    });
    expect(found).toHaveLength(1);
    expect(asked).toContain('10.0.0.1 10.0.0.9');
    expect(asked).toContain('::ffff:a00:1 ::1:0');
    expect(readFile('')).toEqual([]);
  });

  test('the kernel’s file is not read beyond an unexpected line, which `end` reports', () => {
    let asked = 0;
    const reader = createFileReader({
      ...ALL,
      concerns() {
        asked += 1;
        return true;
      },
    });
    reader.take('nonsense\n');
    for (const [, line] of FILE_LINES) reader.take(`${line}\n`);
    expect(() => reader.end()).toThrow();
    expect(asked).toBe(0);
  });

  test.each([
    'nonsense\n',
    'ipv4     2 tcp      6 999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=80\n',
    'ipv4     2 tcp      6 999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=80 src=10.0.0\n',
    'ipx      4 tcp      6 999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1 [ASSURED] mark=0 zone=0 use=2\n',
  ])('the kernel’s file is not complete with %j', (text) => {
    expect(() => readFile(text)).toThrow();
  });
});
