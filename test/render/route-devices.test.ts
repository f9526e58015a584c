import { describe, expect, test } from '@jest/globals';
import { parseIpv4Routes, parseIpv6Routes } from '../../src/render/parse-routes.ts';
import { devicesTo } from '../../src/render/route-devices.ts';

/** The kernel's output on a little-endian machine. */
const IPV4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010012AC	0003	0	0	0	00000000	0	0	0
cni0	0001F40A	00000000	0001	0	0	0	00FFFFFF	0	0	0
veth7	0701F40A	00000000	0005	0	0	0	FFFFFFFF	0	0	0
*	0002F40A	00000000	0200	0	0	0	00FFFFFF	0	0	0
`;

const IPV6 = `fd00000102440000000000000000000000 40 00000000000000000000000000000000 00
fd000001024400000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     cni0
fd000001024400000000000000000007 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001    veth7
fd000001024500000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
`;

describe('devices of pods', () => {
  const to = (...addresses: readonly string[]) => ({
    ipv4: [...devicesTo(addresses, 'ipv4', parseIpv4Routes(IPV4, true))],
    ipv6: [...devicesTo(addresses, 'ipv6', parseIpv6Routes(IPV6))],
  });

  test.each([
    ['10.244.1.5', ['cni0'], []],
    ['10.244.1.7', ['veth7'], []],
    ['10.9.9.9', ['eth0'], []],
    ['fd00:1:244::5', [], ['cni0']],
    ['fd00:1:244::7', [], ['veth7']],
    ['2001:db8::1', [], ['eth0']],
    ['nonsense', [], []],
  ])('the device of a pod is found: %s', (address, ipv4, ipv6) => {
    expect(to(address)).toEqual({ ipv4, ipv6 });
  });

  test('routes to nowhere are ignored, and each device is named once', () => {
    expect(to('10.244.2.1', 'fd00:1:245::1')).toEqual({ ipv4: ['eth0'], ipv6: ['eth0'] });
    expect(to('10.244.1.5', '10.244.1.6', '10.244.1.7')).toEqual({ ipv4: ['cni0', 'veth7'], ipv6: [] });
  });
});
