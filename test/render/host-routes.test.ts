import { expect, test } from '@jest/globals';
import { hostRoutes } from '../../src/render/host-routes.ts';
import { parseIpv4Routes, parseIpv6Routes } from '../../src/render/parse-routes.ts';

const IPV4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth7	00000000	FE0200C0	0003	0	0	0	00000000	0	0	0
*	0909090A	00000000	0205	0	0	0	FFFFFFFF	0	0	0
veth0a1b2c3d	0501F40A	00000000	0005	0	0	0	FFFFFFFF	0	0	0
tun0	0002F40A	030200C0	0003	0	0	0	00FFFFFF	0	0	0
eth7	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`;

const NOWHERE = '00000000000000000000000000000000 00 00000000000000000000000000000000';

const IPV6 = `fd000002000000000000000000000000 40 ${NOWHERE} 00000100 00000003 00000000 00000001     eth7
fd000009000000000000000000000009 80 ${NOWHERE} 00000400 00000001 00000000 00200200       lo
fd000010024400010000000000000005 80 ${NOWHERE} 00000400 00000001 00000000 00000001 veth0a1b2c3d
fe800000000000000000000000000000 40 ${NOWHERE} 00000100 00000001 00000000 00000001 veth0a1b2c3d
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd0000020000000000000000000000fe 00000400 00000001 00000000 00000003     eth8
fd000002000000000000000000000001 80 ${NOWHERE} 00000000 00000002 00000000 80200001     eth7
ff000000000000000000000000000000 08 ${NOWHERE} 00000100 00000002 00000000 00000001 veth0a1b2c3d
00000000000000000000000000000000 00 ${NOWHERE} ffffffff 00000001 00000000 00200200       lo
`;

const DEVICES = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
veth0a1b2c3d:     266       3    0    0    0     0          0         0      266       3    0    0    0     0       0          0
  eth7:     266       3    0    0    0     0          0         0      306       3    0    0    0     0       0          0
`;

test('routes show which interface belongs to a pod, and which ones lead to other machines', () => {
  expect(hostRoutes([...parseIpv4Routes(IPV4, true), ...parseIpv6Routes(IPV6)], DEVICES)).toEqual({
    uplinks: new Set(['eth7', 'tun0', 'eth8']),
    toAddress: new Map([
      ['10.244.1.5', 'veth0a1b2c3d'],
      ['fd00:10:244:1::5', 'veth0a1b2c3d'],
    ]),
    interfaces: new Set(['lo', 'veth0a1b2c3d', 'eth7']),
  });
});

test('a node without a family has no routes of it', () => {
  expect(hostRoutes([], '')).toEqual({ uplinks: new Set(), toAddress: new Map(), interfaces: new Set() });
});
