import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CommandError, type CommandRunner } from '../../src/kernel/command.ts';
import { createConnections } from '../../src/kernel/conntrack.ts';
import type { ConnectionSelection, TrackedConnection } from '../../src/model/connection.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import type { Connections } from '../../src/reconcile/connections.ts';
import { isEmptyPlan } from '../../src/render/plan.ts';
import { findTampering } from '../../src/render/tampering.ts';
import { loadGolden, programOf } from '../golden/golden-case.ts';
import { waitFor } from '../support/wait-for.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

/** The kernel's own connection tracking table, filled by hand. */

const SEEN = '-t 1000 -u ASSURED,SEEN_REPLY';

/** One connection of every kind, as arguments of `conntrack -I`. */
const ENTRIES: readonly string[] = [
  `-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 --state ESTABLISHED ${SEEN}`,
  // Two that differ only by the client's port, by the protocol, or by the zone.
  `-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 2 --dport 80 --state ESTABLISHED ${SEEN}`,
  `-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 ${SEEN}`,
  `-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 -w 7 ${SEEN}`,
  `-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 3 --dport 80 --orig-zone 9 ${SEEN}`,
  // DNAT and SNAT.
  `-p udp -s 10.0.0.1 -d 10.96.0.2 --reply-src 10.0.0.9 --reply-dst 10.0.0.1 --sport 5 --dport 53 --reply-port-src 5353 --reply-port-dst 5 -m 12 ${SEEN}`,
  `-p tcp -s 10.0.0.1 -d 192.0.2.7 --reply-src 192.0.2.7 --reply-dst 172.18.0.3 --sport 5 --dport 443 --reply-port-src 443 --reply-port-dst 61001 --state ESTABLISHED ${SEEN}`,
  '-p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 --icmp-id 77 -t 100',
  '-p sctp -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 --state ESTABLISHED --orig-vtag 5 --reply-vtag 6 -t 100',
  '-p udplite -s 10.0.0.1 -d 10.0.0.2 --sport 1 --dport 80 -t 100',
  '-p gre -s 10.0.0.1 -d 10.0.0.2 --srckey 1 --dstkey 2 -t 100',
  '-p 89 -s 10.0.0.1 -d 10.0.0.2 -t 100',
  `-p tcp -s fd00::1 -d fd00::2 --sport 1 --dport 80 --state ESTABLISHED ${SEEN}`,
  `-p udp -s fd00::1 -d ::0.1.0.0 --sport 1 --dport 80 ${SEEN}`,
  '-p icmpv6 -s fd00::1 -d fd00::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 77 -t 100',
];

const ALL: ConnectionSelection = { concerns: () => true, selects: () => true };
const from = (address: string): ConnectionSelection => ({ ...ALL, concerns: (source) => source === address });
const towards = (address: string): ConnectionSelection => ({ ...ALL, concerns: (_, end) => end === address });

describe('table of connections', () => {
  let filter: PacketFilter;
  let connections: Connections;

  const add = (entries: readonly string[]): Promise<string> =>
    // conntrack opens /dev/stdin by name, which works with a pipe and not with the socket that Node provides.
    filter.runner.run('sh', ['-c', 'cat | conntrack -R -'], {
      input: entries.map((entry) => `-I ${entry}\n`).join(''),
    });
  const all = () => connections.list(IP_FAMILIES, ALL);
  const withoutIds = (list: readonly TrackedConnection[]) => list.map((each) => ({ ...each, id: undefined }));
  /** The kernel's file is usable since this version; the tests may run on an older one. */
  const glancing = (runner: CommandRunner) => createConnections(runner, filter.netlink, '6.18.0');
  const ids = async (): Promise<readonly number[]> => (await all()).map(({ id }) => id).sort((a, b) => a - b);

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
    connections = createConnections(filter.runner, filter.netlink);
    await filter.bring(programOf((await loadGolden('dual-stack')).snapshot));
    await add(ENTRIES);
  });

  afterEach(async () => {
    await filter.close();
  });

  test('the table of connections is read as a whole, or the part that concerns policies', async () => {
    expect(await all()).toHaveLength(ENTRIES.length);
    expect(await connections.list(['ipv6'], ALL)).toHaveLength(3);
    expect(await connections.list(IP_FAMILIES, towards('10.0.0.9'))).toMatchObject([
      { original: { destination: '10.96.0.2', destinationPort: 53 }, reply: { source: '10.0.0.9', sourcePort: 5353 } },
    ]);
    expect(await connections.list(IP_FAMILIES, from('192.0.2.1'))).toEqual([]);
  });

  test('the kernel’s file has the same connections as the list, of every kind', async () => {
    const glance = await glancing(filter.runner).glance(IP_FAMILIES, ALL);
    expect(glance).toHaveLength(ENTRIES.length);
    expect(glance).toEqual(expect.arrayContaining(withoutIds(await all())));
    expect(await glancing(filter.runner).glance(['ipv6'], ALL)).toHaveLength(3);
    const after = await glancing(filter.runner).glance(IP_FAMILIES, towards('10.0.0.9'));
    expect(after).toMatchObject([{ original: { destination: '10.96.0.2' }, reply: { source: '10.0.0.9' } }]);
  });

  test('the kernel’s file is read completely, however many connections there are', async () => {
    const many = Array.from(
      { length: 3_000 },
      (_, at) => `-p tcp -s fd00::1 -d fd00::2 --sport ${2_000 + at} --dport 80 --state ESTABLISHED ${SEEN}`,
    );
    await add(many);
    const glance = (await glancing(filter.runner).glance(IP_FAMILIES, from('fd00::1'))) ?? [];
    expect(new Set(glance.map(({ original }) => original.sourcePort)).size).toBe(3_002);
  });

  test.each([
    ['the kernel goes on at another place than where it stopped', '6.12.30-amd64', 'cat /proc/net/nf_conntrack', 0],
    ['there is no such file', '6.18.0', 'cat /proc/net/nf_conntrack.not-here', 1],
    ['it is of another form', '6.18.0', 'echo ipv4', 1],
  ])('the kernel’s file is not read if %s, and not tried again', async (_, kernel, instead, times) => {
    let tries = 0;
    const odd = createConnections(
      {
        run(file, args, options) {
          if (!args.some((each) => each.includes('nf_conntrack'))) return filter.runner.run(file, args, options);
          tries += 1;
          return filter.runner.run('sh', ['-c', instead], options);
        },
      },
      filter.netlink,
      kernel,
    );
    expect(await odd.glance(IP_FAMILIES, ALL)).toBeUndefined();
    expect(await odd.glance(IP_FAMILIES, ALL)).toBeUndefined();
    expect(tries).toBe(times);
    expect(await odd.list(IP_FAMILIES, ALL)).toHaveLength(ENTRIES.length);
  });

  test('a list filtered by ends has exactly the entries that the full list has for them', async () => {
    const every = await all();
    const ends = new Set(every.flatMap(({ original, reply }) => [original.source, reply.source]));
    for (const end of ends) {
      const expected = every.filter(({ original, reply }) => original.source === end || reply.source === end);
      const found = await connections.listEnds([end], ALL, 1_000);
      expect([...found].sort((a, b) => a.id - b.id)).toEqual([...expected].sort((a, b) => a.id - b.id));
    }
    expect(await connections.listEnds(['203.0.113.77', 'fd00:dead::1'], ALL, 1_000)).toEqual([]);
    expect(await connections.listEnds([...ends], ALL, 2)).toHaveLength(2);
  });

  test('exactly the named entry is deleted, whatever its kind is', async () => {
    const before = await all();
    let left = await ids();
    for (const victim of before) {
      expect(await connections.cut([victim])).toBe(1);
      left = left.filter((id) => id !== victim.id);
      expect(await ids()).toEqual(left);
    }
  });

  test('many entries are deleted at once', async () => {
    const many = Array.from(
      { length: 3_000 },
      (_, at) => `-p tcp -s 10.0.1.1 -d 10.0.1.${at % 2} --sport ${1_000 + at} --dport 80 --state ESTABLISHED ${SEEN}`,
    );
    await add(many);
    const victims = await connections.list(IP_FAMILIES, towards('10.0.1.1'));
    expect(victims).toHaveLength(1_500);
    expect(await connections.cut(victims)).toBe(1_500);
    expect(await all()).toHaveLength(ENTRIES.length + 1_500);
  });

  test('an entry that replaced another one is not deleted', async () => {
    const [entry = ''] = ENTRIES;
    const victims = await connections.list(['ipv4'], ALL);
    await filter.runner.run('conntrack', ['-F']);
    // The identity is a digest of the tuple and of the entry's place in memory, so others take that place first.
    let others = 0;
    const isAnother = async (): Promise<boolean> => {
      await filter.runner.run('conntrack', ['-D', '-p', 'tcp', '-s', '10.0.0.1']).catch(() => undefined);
      others += 64;
      const inPlace = (_: unknown, at: number): string =>
        `-p udp -s 10.9.0.1 -d 10.9.0.2 --sport ${others + at} --dport 9 -t 1000`;
      await add([...Array.from({ length: 64 }, inPlace), entry]);
      const [found] = await connections.list(['ipv4'], from('10.0.0.1'));
      return found !== undefined && victims.every(({ id }) => id !== found.id);
    };
    await waitFor('an entry of another identity', 20_000, async () => (await isAnother()) || undefined);
    const before = await all();
    expect(await connections.cut(victims)).toBe(0);
    expect(await all()).toEqual(before);
  });

  test('deleting a missing entry is no error', async () => {
    const victims = await all();
    await filter.runner.run('conntrack', ['-F']);
    expect(await connections.cut(victims)).toBe(0);
    expect(await connections.cut([])).toBe(0);
  });

  test('the reopen guard keeps a cut connection closed for a while, and opens it again', async () => {
    const held = async (): Promise<readonly string[]> =>
      (await filter.sets())
        .split('\n')
        .filter((line) => /^add portcullis-[46]-held /.test(line))
        .map((line) => line.replace(/ timeout 1[0-2]\d$/, ' timeout'));
    const victims = await all();
    await connections.hold(victims);
    expect(await held()).toEqual(
      [
        // Not TCP and ICMP; the real server, and the client as the server sees it.
        'add portcullis-4-held 10.0.0.2,udp:80,10.0.0.1 timeout',
        'add portcullis-4-held 10.0.0.9,udp:5353,10.0.0.1 timeout',
        'add portcullis-4-held 10.0.0.2,sctp:80,10.0.0.1 timeout',
        'add portcullis-4-held 10.0.0.2,udplite:80,10.0.0.1 timeout',
        'add portcullis-4-held 10.0.0.2,gre:0,10.0.0.1 timeout',
        'add portcullis-4-held 10.0.0.2,ospf:0,10.0.0.1 timeout',
        'add portcullis-6-held ::0.1.0.0,udp:80,fd00::1 timeout',
      ].sort(),
    );
    const program = programOf((await loadGolden('dual-stack')).snapshot);
    expect(isEmptyPlan(await filter.left(program))).toBe(true);
    expect(findTampering(await filter.kernel.observe(), program)).toEqual([]);
    await connections.release(victims);
    expect(await held()).toEqual([]);
  });

  test('a connection without a set of the reopen guard is reported', async () => {
    await filter.bring(EMPTY_PROGRAM);
    await expect(connections.hold(await all())).rejects.toThrow(/set with the given name does not exist/);
  });

  test('an unreadable table of connections is an error', async () => {
    const broken = createConnections(
      {
        run: (file, args, options) =>
          filter.runner.run(file, args.includes('-L') ? ['-L', '--nonsense'] : args, options),
      },
      filter.netlink,
    );
    await expect(broken.list(['ipv4'], ALL)).rejects.toBeInstanceOf(CommandError);
  });
});

test('the node’s own addresses are known, including those of interfaces that are down', async () => {
  const filter = await openPacketFilter('nft');
  const batch = [
    'link set lo up',
    'link add up0 type veth peer name down0',
    'address add 172.18.0.3/16 dev up0',
    'address add fd00:18::3/64 dev up0 nodad',
    'address add 10.96.0.10/32 dev down0',
    'link set up0 up',
    'route add 10.244.1.5/32 dev up0',
    'route add fd00:244::5/128 dev up0',
  ];
  await filter.runner.run('ip', ['-batch', '-'], { input: `${batch.join('\n')}\n` });
  const own = await createConnections(filter.runner, filter.netlink).ownAddresses(IP_FAMILIES);
  expect([...own]).toEqual(expect.arrayContaining(['127.0.0.1', '::1', '172.18.0.3', 'fd00:18::3', '10.96.0.10']));
  expect([...own]).not.toEqual(expect.arrayContaining(['10.244.1.5']));
  expect(own.has('fd00:244::5')).toBe(false);
  await filter.close();
});
