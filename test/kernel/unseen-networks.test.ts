import { beforeEach, describe, expect, test } from '@jest/globals';
import { runInside } from './in-namespace.ts';
import { usePacketFilter } from './use-packet-filter.ts';

const POD = { uid: 'u', pod: 'shop/web', nodeInterfaces: [], further: [] };

describe('pods that no rule of the node sees', () => {
  const filter = usePacketFilter('nft');

  const ip = async (...lines: readonly string[]): Promise<void> => {
    await filter().runner.run('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
  };
  const find = (...pods: readonly object[]): Promise<unknown> =>
    runInside(
      filter(),
      { findUnseenNetworks: 'kernel/unseen-networks.ts', createCommandRunner: 'kernel/command.ts' },
      `return findUnseenNetworks(createCommandRunner(), ${JSON.stringify(pods)});`,
    );

  beforeEach(async () => {
    await ip(
      'link add eth0 type veth peer name far0',
      'link set eth0 up',
      'link set far0 up',
      'address add 172.18.0.11/24 dev eth0',
      'route add default via 172.18.0.1 dev eth0',
      'link add veth7 type veth peer name eth7',
      'link set veth7 up',
      'route add 10.244.9.7 dev veth7',
    );
  });

  test('macvlan pods are unseen if the uplink leads to their address', async () => {
    await ip('link add mv0 link eth0 type macvlan mode bridge', 'link set mv0 up');
    expect(await find({ ...POD, ips: ['172.18.0.60'] })).toMatchObject([{ network: 'no_node_end', uid: 'u' }]);
  });

  test('pods with an end on the node are not unseen, whatever their results say', async () => {
    expect(await find({ ...POD, ips: ['10.244.9.7'] })).toEqual([]);
    expect(await find({ ...POD, ips: ['10.244.9.7'], nodeInterfaces: ['veth7'] })).toEqual([]);
    expect(await find()).toEqual([]);
  });

  test('pods whose device is in a flowtable are unseen', async () => {
    const made = await filter()
      .runner.run('nft', ['-f', '-'], {
        input: 'table ip fw { flowtable fast { hook ingress priority 0; devices = { veth7 }; }; }\n',
      })
      .then(
        () => true,
        () => false,
      );
    // A kernel without nf_flow_table rejects it: nothing of it can be in the way there.
    const found = await find({ ...POD, ips: ['10.244.9.7'] });
    expect(found).toMatchObject(made ? [{ network: 'flowtable' }] : []);
  });
});
