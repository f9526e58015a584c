import { expect, test } from '@jest/globals';
import { parseLinks, parseTunnelPeers } from '../../src/render/parse-links.ts';

/** As `ip -d -j address show` of iproute2 6.1 prints, cut to a few of the fields. */
const address = (local: string, scope = 'global') => ({ family: local.includes(':') ? 'inet6' : 'inet', local, scope });

const link = (ifname: string, kind: string | undefined, data: object = {}, addresses: readonly object[] = []) => ({
  ifname,
  flags: ['BROADCAST', 'UP', 'LOWER_UP'],
  linkinfo: kind === undefined ? undefined : { info_kind: kind, info_data: data },
  addr_info: addresses,
});

const read = (...links: readonly object[]) => parseLinks(JSON.stringify(links));

test('addresses of the node are those of its interfaces, without loopback, single links and dummies of IPVS', () => {
  const { addresses } = read(
    { ...link('lo', undefined, {}, [address('127.0.0.1', 'host'), address('::1', 'host')]), flags: ['LOOPBACK', 'UP'] },
    link('eth0', undefined, {}, [address('172.18.0.11'), address('fd00:172:18::11'), address('fe80::1', 'link')]),
    link('veth1', 'veth', {}, [address('10.244.1.1')]),
    link('veth2', 'veth', {}, [address('10.244.1.1')]),
    link('kube-ipvs0', 'dummy', {}, [address('10.96.0.1')]),
  );
  expect(addresses).toEqual(['10.244.1.1', '172.18.0.11', 'fd00:172:18::11']);
});

test('bridges and tunnels are recognized by their kind', () => {
  const { bridges, tunnels } = read(
    link('cni0', 'bridge'),
    link('flannel.1', 'vxlan', { id: 1, local: '172.18.0.11', port: 8472, learning: false }),
    link('gnv', 'geneve', { id: 3, remote: '172.18.0.12' }),
    link('tunl1', 'ipip', { remote: 'any', local: '172.18.0.11' }),
    link('wg0', 'wireguard'),
    link('eth0', undefined),
  );
  expect([...bridges]).toEqual(['cni0']);
  expect(tunnels.map(({ device, ports, protocols, local, peers }) => [device, ports, protocols, local, peers])).toEqual(
    [
      ['flannel.1', [8472], [], '172.18.0.11', []],
      ['gnv', [6081], [], undefined, ['172.18.0.12']],
      ['tunl1', [], ['ipencap'], '172.18.0.11', []],
      ['wg0', [51_820, 51_821, 51_871], [], undefined, []],
    ],
  );
});

test('an interface of a protocol that is down is ignored, since the kernel creates it by itself', () => {
  expect(read({ ...link('tunl0', 'ipip'), flags: ['NOARP'] }).tunnels).toEqual([]);
});

test.each<readonly [object, boolean]>([
  [{ learning: false }, false],
  [{ learning: true }, true],
  [{}, true],
  [{ learning: false, external: true }, true],
  [{ learning: false, group: '239.1.1.1' }, true],
  [{ learning: false, remote: '172.18.0.12' }, false],
])('a VXLAN with %j may have other peers: %j', (data, isOpen) => {
  const [tunnel] = read(link('vx', 'vxlan', { port: 4789, ...data })).tunnels;
  expect(tunnel?.openBecause !== undefined).toBe(isOpen);
});

test('peers are the destinations in the forwarding table, without duplicates', () => {
  const entries = [
    { mac: '00:00:00:00:00:01', dst: '172.18.0.12', flags: ['self'], state: 'permanent' },
    { mac: '00:00:00:00:00:02', dst: '172.18.0.12' },
    { mac: '33:33:00:00:00:01' },
    { mac: '00:00:00:00:00:03', dst: 'FD00:172:18:0::13' },
  ];
  expect(parseTunnelPeers(JSON.stringify(entries))).toEqual(['172.18.0.12', 'fd00:172:18::13']);
});

test('output that is no list of links has none', () => {
  expect(parseLinks('{}')).toEqual({ addresses: [], bridges: new Set(), tunnels: [] });
  expect(() => parseLinks('')).toThrow(SyntaxError);
});
