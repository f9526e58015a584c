import { describe, expect, test } from '@jest/globals';
import type { HostRoutes } from '../../src/model/host-routes.ts';
import type { PodLink } from '../../src/model/pod-link.ts';
import { podInterfaces, usablePatterns } from '../../src/program/pod-interfaces.ts';

const WEB: PodLink = { ips: ['10.244.1.5', 'fd00::5'], hostInterface: 'veth0a1b2c3d' };
const APP: PodLink = { ips: ['10.244.1.6'], hostInterface: 'vethdeadbeef' };

const routes = (links: readonly PodLink[], uplinks: readonly string[] = ['eth0']): HostRoutes => ({
  uplinks: new Set(uplinks),
  toAddress: new Map(links.flatMap(({ ips, hostInterface = '' }) => ips.map((ip) => [ip, hostInterface]))),
  interfaces: new Set(['lo', 'eth0', ...links.map(({ hostInterface = '' }) => hostInterface)]),
});

const of = (links: readonly PodLink[], uplinks?: readonly string[]) => podInterfaces(links, routes(links, uplinks));

describe('interfaces of pods', () => {
  test('interfaces of pods are found by their common prefix if each pod has one of its own', () => {
    expect(of([WEB, APP])).toEqual({ interfaces: ['veth+'], reason: undefined });
  });

  test('interfaces of pods may have two plugins’ prefixes, as while one replaces the other', () => {
    const knet = { ips: ['10.244.1.7'], hostInterface: 'knet0a1b2c3d' };
    expect(of([WEB, knet])).toEqual({ interfaces: ['knet+', 'veth+'], reason: undefined });
  });

  test('interfaces of pods are not known without pods', () => {
    expect(of([])).toBeUndefined();
  });

  test('interfaces of a pod that is being deleted may be missing', () => {
    const gone = { ips: ['10.244.1.8'], hostInterface: 'veth00000000' };
    expect(podInterfaces([WEB, gone], routes([WEB]))).toEqual({ interfaces: ['veth+'], reason: undefined });
  });

  test.each<[string, readonly PodLink[], readonly string[], string]>([
    [
      'a pod on a bridge',
      [WEB, { ips: ['10.244.1.6'], hostInterface: undefined }],
      ['eth0'],
      'pods share an interface of the node, or their plugin does not tell theirs',
    ],
    [
      'two pods on one interface',
      [WEB, { ips: ['10.244.1.6'], hostInterface: 'veth0a1b2c3d' }],
      ['eth0'],
      'pods share an interface of the node',
    ],
    [
      'a name that is not made up in a known way',
      [{ ips: ['10.244.1.6'], hostInterface: 'to-web' }],
      ['eth0'],
      'cannot derive a common interface name prefix from to-web',
    ],
    [
      'a beginning that says too little',
      [{ ips: ['10.244.1.6'], hostInterface: 'p-0a1b2c3d' }],
      ['eth0'],
      'cannot derive a common interface name prefix from p-0a1b2c3d',
    ],
    ['an uplink of such a name', [WEB], ['veth9'], 'veth+ would match veth9, by which other machines are reached'],
  ])('interfaces are not derived from %s', (_what, links, uplinks, reason) => {
    expect(of(links, uplinks)).toEqual({ interfaces: [], reason });
  });

  test('interfaces are not used if a pod’s address is routed elsewhere, or nowhere', () => {
    const { toAddress, ...others } = routes([WEB, APP]);
    for (const [ip, device] of [
      ['10.244.1.6', 'eth0'],
      ['fd00::5', undefined],
    ] as const) {
      const changed = new Map([...toAddress].filter(([address]) => address !== ip));
      if (device !== undefined) changed.set(ip, device);
      const name = ip === 'fd00::5' ? 'veth0a1b2c3d' : 'vethdeadbeef';
      expect(podInterfaces([WEB, APP], { ...others, toAddress: changed })).toEqual({
        interfaces: [],
        reason: `${ip} is not routed to ${name}, where its pod is`,
      });
    }
  });
});

test('configured patterns that match an uplink are refused', () => {
  expect(usablePatterns(['cni0', 'veth+', 'eth+', 'eth0', 'eth'], routes([]))).toEqual({
    interfaces: ['cni0', 'veth+', 'eth'],
    reason:
      'eth+ would match eth0, by which other machines are reached; eth0 would match eth0, by which other machines are reached',
  });
});
