import { beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { runInside } from './in-namespace.ts';
import { usePacketFilter } from './use-packet-filter.ts';

const POD = '10.244.1.5';
const POD6 = 'fd00:1:244::5';
const SWITCHES = ['net.bridge.bridge-nf-call-iptables', 'net.bridge.bridge-nf-call-ip6tables'];

describe('bridges that iptables does not see', () => {
  const filter = usePacketFilter('nft');

  const set = async (...values: readonly string[]): Promise<void> => {
    await filter().runner.run('sysctl', ['-q', '-w', ...values]);
  };
  const ip = async (...lines: readonly string[]): Promise<void> => {
    await filter().runner.run('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
  };
  const find = (...addresses: readonly string[]): Promise<unknown> =>
    runInside(
      // Its /sys belongs to the namespace as well.
      { ...filter(), runner: createCommandRunner(['ip', 'netns', 'exec', filter().name]) },
      { findUnseenBridges: 'kernel/unseen-bridges.ts' },
      `return findUnseenBridges(${JSON.stringify(addresses)}, ['ipv4', 'ipv6']);`,
    );

  beforeEach(async () => {
    await ip(
      'link add cni0 type bridge',
      'link set cni0 up',
      'address add 10.244.1.1/24 dev cni0',
      'address add fd00:1:244::1/64 dev cni0 nodad',
      'link add docker0 type bridge',
      'link set docker0 up',
      'address add 172.17.0.1/16 dev docker0',
      'link add veth7 type veth peer name eth7',
      'link set veth7 up',
      'route add 10.244.9.7 dev veth7',
    );
    await set(...SWITCHES.map((name) => `${name}=0`));
  });

  test('unseen bridges are those with pods while br_netfilter is off', async () => {
    expect(await find(POD, POD6)).toEqual([
      { bridge: 'cni0', family: 'ipv4' },
      { bridge: 'cni0', family: 'ipv6' },
    ]);
    expect(await find('10.244.9.7')).toEqual([]);
    expect(await find()).toEqual([]);
  });

  test('no bridge is unseen while br_netfilter is on, for each family by itself', async () => {
    await set(`${SWITCHES[0]}=1`);
    expect(await find(POD, POD6)).toEqual([{ bridge: 'cni0', family: 'ipv6' }]);
    await set(`${SWITCHES[1]}=1`);
    expect(await find(POD, POD6)).toEqual([]);
  });

  test('no bridge is unseen while br_netfilter is on for that bridge', async () => {
    await ip('link set cni0 type bridge nf_call_iptables 1 nf_call_ip6tables 1');
    expect(await find(POD, POD6)).toEqual([]);
  });
});
