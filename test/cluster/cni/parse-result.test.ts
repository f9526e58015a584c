import { describe, expect, test } from '@jest/globals';
import { parseCniResult } from '../../../src/cluster/cni/parse-result.ts';
import { cniResultText } from '../../support/cni/cni-result.ts';

const of = (result: object): readonly string[] | undefined =>
  parseCniResult(cniResultText({ uid: 'u1', addresses: [], result }))?.ips;

describe('CNI results', () => {
  test('a result of CNI 1.0 and later is read', () => {
    const text = cniResultText({ uid: 'u1', addresses: ['10.244.1.5/24', 'fd00:10:244:1:0:0:0:5/64'] });
    expect(parseCniResult(text)).toEqual({
      podUid: 'u1',
      ips: ['10.244.1.5', 'fd00:10:244:1::5'],
      hostInterface: 'veth1',
      hostInterfaces: ['veth1'],
      pod: { namespace: 'shop', name: 'web' },
    });
  });

  test('a result of CNI 0.3 and 0.4, in which addresses have a version, is read', () => {
    const interfaces = [{ name: 'cni0' }, { name: 'veth1' }, { name: 'eth0', sandbox: '/var/run/netns/x' }];
    const ips = [{ version: '4', interface: 2, address: '10.244.1.5/24', gateway: '10.244.1.1' }];
    expect(of({ cniVersion: '0.4.0', interfaces, ips })).toEqual(['10.244.1.5']);
  });

  test('a result of CNI 0.2, with one address per family, is read', () => {
    const ip4 = { ip: '10.244.1.5/24', gateway: '10.244.1.1' };
    expect(of({ cniVersion: '0.2.0', ip4, ip6: { ip: 'fd00::5/64' } })).toEqual(['10.244.1.5', 'fd00::5']);
  });

  test('a result of a plugin that reports no interfaces is read', () => {
    expect(of({ cniVersion: '0.3.1', ips: [{ version: '4', address: '10.244.1.5/32' }] })).toEqual(['10.244.1.5']);
  });
});

test('addresses of the node’s end of the link are not the pod’s', () => {
  const interfaces = [{ name: 'veth1' }, { name: 'eth0', sandbox: '/x' }];
  const ips = [
    { interface: 0, address: '10.244.1.1/24' },
    { interface: 1, address: '10.244.1.5/24' },
  ];
  expect(of({ cniVersion: '1.0.0', interfaces, ips })).toEqual(['10.244.1.5']);
});

describe('interfaces of the node in CNI results', () => {
  const ips = [{ address: '10.244.1.5/24' }];
  const hostInterface = (...interfaces: readonly unknown[]): string | undefined =>
    parseCniResult(cniResultText({ uid: 'u1', addresses: [], result: { interfaces, ips } }))?.hostInterface;
  const inside = { name: 'eth0', sandbox: '/x' };

  test('the node’s end is the only interface outside the sandbox', () => {
    expect(hostInterface({ name: 'veth1' }, inside)).toBe('veth1');
    expect(hostInterface({ name: 'veth1', sandbox: '' }, inside)).toBe('veth1');
  });

  test('the node’s end is not known if the plugin attaches it to a bridge, or has none', () => {
    expect(hostInterface({ name: 'cni0' }, { name: 'veth1' }, inside)).toBeUndefined();
    expect(hostInterface(inside)).toBeUndefined();
    expect(hostInterface()).toBeUndefined();
    expect(hostInterface({ name: 7 }, inside)).toBeUndefined();
  });

  test('the node’s end is kept together with all other reported interfaces', () => {
    const result = { interfaces: [{ name: 'cni0' }, { name: 'veth1' }, { name: 'cni0' }, { name: '' }, inside], ips };
    const text = cniResultText({ uid: 'u1', addresses: [], result });
    expect(parseCniResult(text)?.hostInterfaces).toEqual(['cni0', 'veth1']);
  });
});

describe('files that are no results of a pod', () => {
  test.each([
    ['a further network of a pod', cniResultText({ uid: 'u1', addresses: ['10.1.0.5/24'], ifName: 'net1' })],
    ['a loopback interface', cniResultText({ uid: 'u1', addresses: ['127.0.0.1/8'], ifName: 'lo' })],
    ['a sandbox that is not of Kubernetes', cniResultText({ uid: '', addresses: ['10.1.0.5/24'] })],
    ['a result without an address', cniResultText({ uid: 'u1', addresses: [] })],
    ['an address that is none', cniResultText({ uid: 'u1', addresses: ['10.1.0.500/24'] })],
    ['another kind of file', '{"kind":"cniCacheV2"}'],
    ['something else that is JSON', '[1, null]'],
  ])('nothing is read from %s', (_what, text) => {
    expect(parseCniResult(text)).toBeUndefined();
  });
});

test('a truncated file is an error, not an answer', () => {
  const text = cniResultText({ uid: 'u1', addresses: ['10.244.1.5/24'] });
  expect(() => parseCniResult(text.slice(0, -2))).toThrow(SyntaxError);
});
