import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';
import { runInside } from './in-namespace.ts';

describe('co-tenant engines on the node', () => {
  let filter: PacketFilter;

  const look = (backend: 'nft' | 'legacy'): Promise<unknown> =>
    runInside(
      filter,
      {
        createCommandRunner: 'kernel/command.ts',
        lookForCompany: 'kernel/company.ts',
        createCompanionStarter: 'kernel/companion.ts',
        createNetlink: 'kernel/netlink/netlink.ts',
        createNftReader: 'kernel/netlink/nft-reader.ts',
      },
      `const netlink = createNetlink(createCompanionStarter([], 'bytes'));
      const tools = { runner: createCommandRunner(), netlink, nft: createNftReader(netlink) };
      return lookForCompany(tools, '${backend}', ['ipv4']).finally(() => netlink.stop());`,
    );

  beforeEach(async () => {
    filter = await openPacketFilter('legacy');
  });

  afterEach(async () => {
    await filter.close();
  });

  test('a co-tenant engine is found in the agent’s backend and in the other one', async () => {
    expect(await look('nft')).toEqual({ engines: [], mixedBackends: false });
    await filter.load('ipv4', [':cali-FORWARD - [0:0]', '-A FORWARD -j cali-FORWARD']);
    expect(await look('nft')).toEqual({ engines: ['calico'], mixedBackends: true });
    expect(await look('legacy')).toEqual({ engines: ['calico'], mixedBackends: false });
  });

  test('a co-tenant engine is found in nftables tables that iptables does not show', async () => {
    const table = ['inet', 'kindnet-network-policies'];
    await filter.runner.run('nft', ['add', 'table', ...table]);
    // More than one answer of the kernel contains.
    const others = Array.from({ length: 600 }, (_, at) => `add table netdev ${'other'.repeat(10)}-${at}`);
    await filter.runner.run('nft', ['-f', '-'], { input: others.join('\n') });
    expect(await look('nft')).toEqual({ engines: ['kindnet'], mixedBackends: false });
    await filter.runner.run('nft', ['delete', 'table', ...table]);
    await filter.runner.run('nft', ['add', 'table', 'ip6', 'kube-network-policies']);
    expect(await look('nft')).toEqual({ engines: ['kube-network-policies'], mixedBackends: false });
  });
});
