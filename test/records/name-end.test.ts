import { describe, expect, test } from '@jest/globals';
import { describeEnd } from '../../src/records/end.ts';
import { createFormerAddresses } from '../../src/records/former-addresses.ts';
import { nameEnd } from '../../src/records/name-end.ts';
import { podEndpoint } from '../support/pod-endpoint.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');
const former = createFormerAddresses();
former.note('10.0.0.7', { pod: 'shop/web-1', until: NOW - 3000 });
const dns = podEndpoint('coredns-1', { namespace: 'kube-system', labels: new Map([['k8s-app', 'kube-dns']]) });
const names = {
  podsAt: (address: string) => (address === '10.0.0.1' ? [podEndpoint('web-2')] : address === '10.0.0.10' ? [dns] : []),
  nodeAt: (address: string) => (address === '192.168.0.1' ? 'n1' : undefined),
  former,
};

describe('the name of an end', () => {
  test.each([
    ['10.0.0.1', 'shop/web-2'],
    ['10.0.0.10', 'kube-system/coredns-1 (cluster DNS)'],
    ['192.168.0.1', 'node n1'],
    ['10.0.0.7', '10.0.0.7 (had by shop/web-1 until 3 s ago)'],
    ['169.254.169.254', '169.254.169.254 (cloud metadata)'],
    ['fe80::1', 'fe80::1 (link-local or group)'],
    ['224.0.0.1', '224.0.0.1 (link-local or group)'],
    ['10.9.9.9', '10.9.9.9 (unknown)'],
    ['fd00::1', 'fd00::1 (unknown)'],
    ['203.0.113.9', '203.0.113.9 (internet)'],
    ['2001:db8::1', '2001:db8::1 (internet)'],
  ])('of %s is %s', (address, expected) => {
    expect(describeEnd(nameEnd(names, address), NOW)).toBe(expected);
  });
});
