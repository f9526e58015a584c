import { expect, test } from '@jest/globals';
import type { NodeLinks, Tunnel } from '../../src/model/node-links.ts';
import { findNetwork } from '../../src/program/node-network.ts';

const FLANNEL: Tunnel = {
  device: 'flannel.1',
  ports: [8472],
  protocols: [],
  local: '172.18.0.11',
  peers: ['172.18.0.13'],
  openBecause: undefined,
};
const OWN = new Set(['172.18.0.11', 'fd00:172:18::11']);
const OTHERS = new Set(['172.18.0.12']);

const find = (tunnels: readonly Tunnel[], own: ReadonlySet<string> = OWN, others: ReadonlySet<string> = OTHERS) => {
  const links: NodeLinks = { addresses: ['10.244.1.1', '172.18.0.11'], bridges: new Set(), tunnels };
  return findNetwork(links, { own, others }, ['cni0']);
};

test('a tunnel whose peers are all known is closed to other senders, and peers count as nodes', () => {
  const { network, open } = find([FLANNEL]);
  expect(open).toEqual([]);
  expect(network).toMatchObject({ tunnelPorts: [8472], closedPorts: { ipv4: [8472], ipv6: [] }, bridges: ['cni0'] });
  expect(network.nodes).toEqual(['10.244.1.1', '172.18.0.11', '172.18.0.12', '172.18.0.13', 'fd00:172:18::11']);
});

test.each<readonly [string, Tunnel, ReadonlySet<string>, ReadonlySet<string>]>([
  ['no pod has the node’s address', FLANNEL, new Set(), OTHERS],
  ['pods have it in the other family only', FLANNEL, new Set(['fd00:172:18::11']), OTHERS],
  ['the tunnel uses another address of the node', { ...FLANNEL, local: '192.168.7.1' }, OWN, OTHERS],
  ['there are other nodes that no pod names', FLANNEL, OWN, new Set()],
  ['its peers are not known', { ...FLANNEL, openBecause: 'it learns' }, OWN, OTHERS],
])('a tunnel stays open if %s, and is still closed to pods', (_, tunnel, own, others) => {
  const { network, open } = find([tunnel], own, others);
  expect(open).toHaveLength(1);
  expect(network).toMatchObject({ tunnelPorts: [8472], closedPorts: { ipv4: [], ipv6: [] } });
});

test('the tunnel of a single node without peers is closed', () => {
  expect(find([{ ...FLANNEL, peers: [] }], OWN, new Set()).network.closedPorts.ipv4).toEqual([8472]);
});

test('a port that two tunnels share is closed if both may be', () => {
  const other = { ...FLANNEL, device: 'vx', openBecause: 'it learns' };
  expect(find([FLANNEL, other]).network.closedPorts.ipv4).toEqual([]);
});

test('a tunnel with an IPv6 end is closed there', () => {
  const six = { ...FLANNEL, device: 'flannel-v6.1', local: 'fd00:172:18::11' };
  expect(find([six]).network.closedPorts).toEqual({ ipv4: [], ipv6: [8472] });
});
