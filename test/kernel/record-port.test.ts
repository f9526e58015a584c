import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCompanionStarter } from '../../src/kernel/companion.ts';
import { createNetlink, type Netlink } from '../../src/kernel/netlink/netlink.ts';
import { createSetReader } from '../../src/kernel/netlink/set-reader.ts';
import { hearRefusals } from '../../src/kernel/record-port.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { RECORD_GROUPS } from '../../src/program/records.ts';
import { PACKET_TYPE, recordLogRequest } from '../../src/render/netlink/packet-log.ts';
import { cleanUp } from '../support/clean-up.ts';
import { waitFor } from '../support/wait-for.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const DEADLINE_MS = 30_000;
const DYING_MS = 200;

describe('the group that refused packets are reported to', () => {
  let filter: PacketFilter;
  let sockets: Netlink[];

  const listen = (): { readonly groups: number[]; readonly prefixes: string[]; readonly socket: Netlink } => {
    const socket = createNetlink(createCompanionStarter(inNetns(filter.name), 'bytes'));
    sockets.push(socket);
    const groups: number[] = [];
    const prefixes: string[] = [];
    hearRefusals(socket, () => RECORD_GROUPS, {
      onPacket: ({ prefix }) => prefixes.push(prefix),
      onLost: () => undefined,
      onGroup: (group) => groups.push(group),
      onTrouble: () => undefined,
    });
    return { groups, prefixes, socket };
  };

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
    sockets = [];
  });

  afterEach(async () => {
    await cleanUp(...sockets.map((socket) => socket.stop), () => filter.close());
  });

  test('is the next one where another program holds the first, and packets are heard at once', async () => {
    const first = listen();
    await waitFor('the first group', DEADLINE_MS, () => Promise.resolve(first.groups[0]));
    const second = listen();
    await waitFor('another group', DEADLINE_MS, () => Promise.resolve(second.groups[0]));
    expect([first.groups, second.groups]).toEqual([[RECORD_GROUPS[0]], [RECORD_GROUPS[1]]]);
    await filter.runner.run('ip', ['link', 'set', 'lo', 'up']);
    const rule = ['-A', 'OUTPUT', '-d', '127.0.0.2', '-j', 'NFLOG', '--nflog-prefix', 'heard'];
    await filter.runner.run('iptables-nft', [...rule, '--nflog-group', `${RECORD_GROUPS[1]}`]);
    await filter.runner.run('perl', [
      '-e',
      'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0); send($s, "x", 0, pack_sockaddr_in(9, inet_aton("127.0.0.2")))',
    ]);
    await waitFor('the packet', DEADLINE_MS, () => Promise.resolve(second.prefixes[0]));
    expect(second.prefixes).toEqual(['heard']);
    expect(first.prefixes).toEqual([]);
  });

  test('is free as soon as its socket has stopped: the next agent gets it at the first request', async () => {
    const [group] = RECORD_GROUPS;
    const refused: number[] = [];
    const subscribe = (socket: Netlink): Promise<void> =>
      new Promise((resolve) => {
        socket.subscribe({
          requests: [recordLogRequest(group, false)],
          type: PACKET_TYPE,
          onMessage: () => undefined,
          onSubscribed: resolve,
          onTrouble({ code }) {
            refused.push(code);
          },
        });
      });
    const open = (): Netlink => {
      const start = createCompanionStarter(inNetns(filter.name), 'bytes');
      const socket = createNetlink((...args) => {
        const relay = start(...args);
        // As on a busy machine, where a killed program takes its time.
        return { ...relay, stop: () => setTimeout(relay.stop, DYING_MS) };
      });
      sockets.push(socket);
      return socket;
    };
    let last = open();
    await subscribe(last);
    for (let round = 0; round < 3; round += 1) {
      const next = open();
      // Its relay runs: the request that follows is in the kernel at once.
      await createSetReader(next).headers();
      await last.stop();
      await subscribe(next);
      last = next;
    }
    expect(refused).toEqual([]);
  });
});
