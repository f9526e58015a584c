import { expect, test } from '@jest/globals';
import { VARIANTS, variantNamed } from '../../../e2e/runner/variants.ts';

test('the suite runs on every combination of plugin and proxy mode', () => {
  const pairs = VARIANTS.filter(({ suite }) => suite).map(({ settings }) => `${settings.cni} ${settings.proxyMode}`);
  expect(pairs.toSorted()).toEqual(['bridge iptables', 'bridge nftables', 'ptp iptables', 'ptp nftables']);
});

test('an unknown variant is refused with a list of all', () => {
  expect(variantNamed('dual').settings.families).toEqual(['ipv4', 'ipv6']);
  expect(() => variantNamed('vlan')).toThrow('there is no variant vlan; there are ptp-iptables, ptp-nftables');
});
