import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Companion, createCompanionStarter } from '../../src/kernel/companion.ts';
import { createNetlink, NetlinkError } from '../../src/kernel/netlink/netlink.ts';
import { createSetReader } from '../../src/kernel/netlink/set-reader.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { HEADERS_REQUEST, membersRequest } from '../../src/render/netlink/ip-sets.ts';
import type { NetlinkMessage } from '../../src/render/netlink/message.ts';
import { parseIpsetSave } from '../support/parse-ipset.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const MANY = Array.from({ length: 20_000 }, (_, at) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);

/** One set of each type that rules use, of both families, with members of every format. */
const SETS: readonly string[] = [
  'create portcullis-4-a hash:ip family inet hashsize 64 maxelem 1048576',
  'add portcullis-4-a 10.0.0.1',
  'add portcullis-4-a 255.255.255.255',
  'create portcullis-6-a hash:ip family inet6 hashsize 64 maxelem 1048576',
  'add portcullis-6-a fd00::1',
  'add portcullis-6-a ::0.1.0.0',
  'add portcullis-6-a ::ffff:1.2.3.4',
  'create portcullis-4-b hash:net family inet hashsize 64 maxelem 1048576',
  'add portcullis-4-b 10.0.0.0/8',
  'add portcullis-4-b 192.0.2.1',
  'add portcullis-4-b 0.0.0.0/1',
  'create portcullis-6-b hash:net family inet6 hashsize 64 maxelem 2097152',
  'add portcullis-6-b fd00::/8',
  'add portcullis-6-b fd00::1',
  'create portcullis-4-c hash:ip,port family inet hashsize 64 maxelem 1048576',
  'add portcullis-4-c 10.0.0.1,tcp:80',
  'add portcullis-4-c 10.0.0.1,udp:53',
  'add portcullis-4-c 10.0.0.1,sctp:0',
  'create portcullis-6-c hash:ip,port family inet6 hashsize 64 maxelem 1048576',
  'add portcullis-6-c fd00::1,tcp:65535',
  'create portcullis-4-d hash:ip,port,ip family inet hashsize 64 maxelem 65536 timeout 120',
  'create portcullis-4-empty hash:ip family inet hashsize 64 maxelem 1048576',
  'create portcullis-4-many hash:ip family inet hashsize 65536 maxelem 1048576',
  ...MANY.map((member) => `add portcullis-4-many ${member}`),
];

const bodiesOf = (answer: readonly NetlinkMessage[] | 'same'): readonly Buffer[] => {
  if (answer === 'same') throw new Error('the answer was not returned');
  return answer.map(({ body }) => Buffer.from(body.buffer, body.byteOffset, body.byteLength));
};

describe('sets of the kernel, by netlink', () => {
  let filter: PacketFilter;

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
  });

  afterEach(async () => {
    await filter.close();
  });

  test('netlink gives the same sets as ipset(8), and sets of other programs are skipped', async () => {
    await filter.loadSets([
      ...SETS,
      'create theirs list:set',
      'create KUBE-X bitmap:port range 0-65535',
      'add KUBE-X 80',
    ]);
    const read = await filter.reader.read();
    const saved = parseIpsetSave(await filter.runner.run('ipset', ['save']));
    expect([...read.keys()].sort()).toEqual([...saved.keys()].sort());
    for (const [name, set] of saved) expect(read.get(name)).toEqual(set);
  });

  test('a set’s header has its shape, seed and number of members', async () => {
    await filter.loadSets(SETS);
    const headers = await filter.reader.headers();
    expect(headers.get('portcullis-6-b')).toEqual(
      expect.objectContaining({ type: 'hash:net', family: 'ipv6', maxElements: 2_097_152, entries: 2 }),
    );
    expect(headers.get('portcullis-4-many')?.entries).toBe(MANY.length);
    const seed = headers.get('portcullis-4-empty')?.seed;
    await filter.runner.run('ipset', ['destroy', 'portcullis-4-empty']);
    await filter.loadSets(['create portcullis-4-empty hash:ip family inet hashsize 64 maxelem 1048576']);
    expect((await filter.reader.headers()).get('portcullis-4-empty')?.seed).not.toBe(seed);
  });

  test('sets are read by name if other programs’ sets are large', async () => {
    await filter.loadSets([...SETS, 'create theirs hash:ip', ...MANY.map((member) => `add theirs ${member}`)]);
    const first = await filter.reader.headers();
    const later = await filter.reader.headers();
    expect(later).toEqual(first);
    expect([...later.keys()].sort()).toEqual([...parseIpsetSave(SETS.join('\n')).keys()].sort());
  });

  test('a missing set is undefined by itself, and absent among all sets', async () => {
    expect(await filter.reader.messages('portcullis-4-gone')).toBeUndefined();
    expect(await filter.reader.read()).toEqual(new Map());
  });

  test('sets are read while they come and go', async () => {
    await filter.loadSets(SETS);
    const readings = Array.from({ length: 20 }, () => filter.reader.read());
    for (let turn = 0; turn < 10; turn += 1) {
      await filter.loadSets(['create portcullis-4-z hash:ip', 'destroy portcullis-4-z']);
    }
    for (const read of await Promise.all(readings)) {
      expect(read.get('portcullis-4-many')?.members.size).toBe(MANY.length);
    }
  });

  test('a refusal has its error number, and the next request is answered', async () => {
    await expect(filter.netlink.request(membersRequest('nothing'))).rejects.toThrow(new NetlinkError('error 2', -2));
    await expect(filter.netlink.request({ ...HEADERS_REQUEST, type: 0x6ff })).rejects.toBeInstanceOf(NetlinkError);
    expect(await filter.netlink.request(HEADERS_REQUEST)).toEqual([]);
  });

  test('netlink reports an unchanged answer as the same, and returns a changed one whole', async () => {
    await filter.loadSets(SETS);
    const ask = (key = 'many'): ReturnType<typeof filter.netlink.compare> =>
      filter.netlink.compare(key, membersRequest('portcullis-4-many'));
    // From the second answer on the kernel packs larger pieces.
    await filter.netlink.request(membersRequest('portcullis-4-many'));
    const plain = await filter.netlink.request(membersRequest('portcullis-4-many'));
    expect(bodiesOf(await ask())).toEqual(bodiesOf(plain));
    expect(await ask()).toBe('same');
    expect(await Promise.all([ask(), ask(), ask('another'), filter.netlink.request(HEADERS_REQUEST)])).toEqual([
      'same',
      'same',
      expect.any(Array),
      expect.any(Array),
    ]);
    await filter.loadSets(['del portcullis-4-many 10.0.0.7', 'add portcullis-4-many 192.0.2.7']);
    expect(await ask()).not.toBe('same');
    expect(await ask()).toBe('same');
    filter.netlink.forget('many');
    expect(await ask()).not.toBe('same');
  });

  test('an answer is whole after the relay has ended, and nothing is answered or started after a stop', async () => {
    await filter.loadSets(SETS);
    const start = createCompanionStarter(inNetns(filter.name), 'bytes');
    const relays: Companion[] = [];
    const netlink = createNetlink((...args) => {
      const relay = start(...args);
      relays.push(relay);
      return relay;
    });
    const ask = (): ReturnType<typeof netlink.compare> => netlink.compare('many', membersRequest('portcullis-4-many'));
    // From the second answer on the kernel packs larger pieces.
    await ask();
    await ask();
    expect(await ask()).toBe('same');
    relays[0]?.stop();
    await relays[0]?.ended;
    expect(await ask()).not.toBe('same');
    const open = createSetReader(netlink).read();
    const failure = expect(open).rejects.toThrow('stopped');
    await netlink.stop();
    await failure;
    await expect(ask()).rejects.toThrow('stopped');
    expect(relays.length).toBe(2);
  });

  test('netlink reports a refusal each time, and compares each key with its own answers', async () => {
    await filter.loadSets(SETS);
    const { netlink } = filter;
    for (let turn = 0; turn < 3; turn += 1) {
      await expect(netlink.compare('gone', membersRequest('portcullis-4-gone'))).rejects.toThrow('error 2');
      expect(await netlink.compare(`set ${turn}`, membersRequest('portcullis-4-a'))).not.toBe('same');
    }
  });

  test('the digest of a set changes if a member is exchanged, and the list of headers stays the same object if nothing changes', async () => {
    await filter.loadSets(SETS);
    const { reader } = filter;
    const first = await reader.digest('portcullis-4-a');
    expect(await reader.digest('portcullis-4-a')).toEqual(first);
    const headers = await reader.headers();
    expect(await reader.headers()).toBe(headers);
    await filter.loadSets(['del portcullis-4-a 10.0.0.1', 'add portcullis-4-a 10.0.0.2']);
    expect(await reader.digest('portcullis-4-a')).not.toEqual(first);
    await filter.loadSets(['add portcullis-4-a 10.0.0.3']);
    expect((await reader.headers()).get('portcullis-4-a')?.entries).toBe(3);
    reader.keepDigests(() => false);
    await filter.loadSets([
      'flush portcullis-4-a',
      'add portcullis-4-a 10.0.0.1',
      'add portcullis-4-a 255.255.255.255',
    ]);
    expect((await reader.digest('portcullis-4-a'))?.size).toBe(first?.size);
    expect(await reader.digest('portcullis-4-gone')).toBeUndefined();
  });

  test('the end of the relay fails the open requests, and the next request starts another relay', async () => {
    const starter = createCompanionStarter(inNetns(filter.name), 'bytes');
    let starts = 0;
    const netlink = createNetlink((file, args, ...listeners) => {
      starts += 1;
      return starts === 1 ? starter('false', [], ...listeners) : starter(file, args, ...listeners);
    });
    await expect(netlink.request(HEADERS_REQUEST)).rejects.toThrow('netlink: the relay ended');
    expect(await createSetReader(netlink).headers()).toEqual(new Map());
    await netlink.stop();
    await expect(
      createNetlink((_, args, ...rest) => starter('no-such-program', args, ...rest)).request(HEADERS_REQUEST),
    ).rejects.toBeInstanceOf(NetlinkError);
  });

  test('a relay that does not answer is killed', async () => {
    const starter = createCompanionStarter([], 'bytes');
    const netlink = createNetlink((_, __, ...listeners) => starter('sleep', ['60'], ...listeners), { timeoutMs: 200 });
    await expect(netlink.request(HEADERS_REQUEST)).rejects.toThrow('netlink: no answer in time');
  });
});
