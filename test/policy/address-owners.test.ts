import { expect, test } from '@jest/globals';
import { settleAddresses } from '../../src/policy/address-owners.ts';
import { pod } from '../support/small-cluster.ts';

const ipsOf = (...pods: Parameters<typeof settleAddresses>[0][]) =>
  pods.map((all) => settleAddresses(all).map(({ uid, ips }) => `${uid} ${ips.join(' ')}`));

test('pods with addresses of their own keep them, and are the same objects', () => {
  const pods = [pod('a/x', {}, { ips: ['10.0.0.1'] }), pod('a/y', {}, { ips: ['10.0.0.2'] }), pod('a/z')];
  expect(settleAddresses(pods)).toEqual(pods);
  expect(settleAddresses(pods)[0]).toBe(pods[0]);
});

test('of two owners of an address the newer has it; the older keeps its other one', () => {
  const old = pod('a/old', {}, { ips: ['10.0.0.1', 'fd00::1'], createdAt: 1 });
  const young = pod('a/young', {}, { ips: ['10.0.0.1'], createdAt: 2 });
  const expected = ['a/old fd00::1', 'a/young 10.0.0.1'];
  expect(ipsOf([old, young])).toEqual([expected]);
  expect(ipsOf([young, old])).toEqual([expected.toReversed()]);
});

test('of two of the same age the same one has it, in whatever order they come', () => {
  const one = pod('a/one', {}, { ips: ['10.0.0.1'] });
  const two = pod('a/two', {}, { ips: ['10.0.0.1'] });
  expect(ipsOf([one, two], [two, one])).toEqual([
    ['a/one ', 'a/two 10.0.0.1'],
    ['a/two 10.0.0.1', 'a/one '],
  ]);
});

test('pods on the host network share their address and take none from others', () => {
  const host = { ips: ['10.0.9.1'], hostNetwork: true, createdAt: 9 };
  const pods = [pod('a/h1', {}, host), pod('a/h2', {}, host), pod('a/x', {}, { ips: ['10.0.9.1'] })];
  expect(settleAddresses(pods)).toEqual(pods);
});
