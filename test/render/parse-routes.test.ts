import { expect, test } from '@jest/globals';
import { formatCidr } from '../../src/policy/cidr.ts';
import { parseIpv4Routes, parseIpv6Routes, type Route } from '../../src/render/parse-routes.ts';

const HEADER = 'Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT';

const NOWHERE = '00000000000000000000000000000000 00 00000000000000000000000000000000';

const shown = (routes: readonly Route[]) =>
  routes.map(({ device, block, flags }) => `${formatCidr(block)} ${device} ${flags.toString(16)}`);

test.each([
  [true, '0001F40A', '00FFFFFF', '0301F40A'],
  [false, '0AF40100', 'FFFFFF00', '0AF40103'],
])('IPv4 routes are read, little endian: %s', (isLittleEndian, block, mask, single) => {
  const text = `${HEADER}
cni0	${block}	00000000	0001	0	0	0	${mask}	0	0	0
eth0	00000000	010012AC	0003	0	0	0	00000000	0	0	0
*	${single}	00000000	0205	0	0	0	FFFFFFFF	0	0	0
`;
  expect(shown(parseIpv4Routes(text, isLittleEndian))).toEqual([
    '10.244.1.0/24 cni0 1',
    '0.0.0.0/0 eth0 3',
    '10.244.1.3/32 * 205',
  ]);
});

test('IPv6 routes are read', () => {
  const text = `fd000001024400000000000000000000 40 ${NOWHERE} 00000100 00000002 00000000 00000001     cni0
fd000002000000000000000000000001 80 ${NOWHERE} 00000000 00000002 00000000 80200001     eth7
`;
  expect(shown(parseIpv6Routes(text))).toEqual(['fd00:1:244::/64 cni0 1', 'fd00:2::1/128 eth7 80200001']);
});

test('empty or invalid text has no routes', () => {
  const broken = [
    parseIpv4Routes('', true),
    parseIpv4Routes('Iface\nx\n', true),
    parseIpv6Routes(''),
    parseIpv6Routes('x y\n'),
  ];
  expect(broken).toEqual([[], [], [], []]);
});
