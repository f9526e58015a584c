import { expect, test } from '@jest/globals';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import type { NodePolicy } from '../../src/policy/node-policy.ts';
import { addressOutside, describeRange, joinRanges, outsideRanges } from '../../src/trace/outside.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const compile = (spec: unknown): NodePolicy =>
  compileNodePolicy(cluster({ shop: {} }, [pod('shop/web')], [policy('shop/p', spec)]), undefined);

const blocks = (...all: readonly unknown[]) => all.map((ipBlock) => ({ ipBlock }));

test('the outside without ipBlocks is one range', () => {
  const ranges = outsideRanges(compile({ ingress: [{}] }), 'ingress', 'ipv4');
  expect(ranges.map(describeRange)).toEqual(['0.0.0.0/0']);
  expect(outsideRanges(compile({}), 'ingress', 'ipv6').map(describeRange)).toEqual(['::/0']);
});

test('the outside is split where blocks and their excepts begin and end', () => {
  const policies = compile({ ingress: [{ from: blocks({ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }) }] });
  const ranges = outsideRanges(policies, 'ingress', 'ipv4');
  expect(ranges.map(describeRange)).toEqual([
    '0.0.0.0-9.255.255.255',
    '10.0.0.0/16',
    '10.1.0.0/16',
    '10.2.0.0-10.255.255.255',
    '11.0.0.0-255.255.255.255',
  ]);
});

test('the outside is not split without a difference', () => {
  const policies = compile({
    ingress: [{ from: blocks({ cidr: '10.0.0.0/8', except: ['10.0.0.0/16', '10.1.0.0/16'] }) }],
  });
  expect(outsideRanges(policies, 'ingress', 'ipv4').map(describeRange)).toEqual([
    '0.0.0.0-10.1.255.255',
    '10.2.0.0-10.255.255.255',
    '11.0.0.0-255.255.255.255',
  ]);
});

test('the outside is split separately for directions and families', () => {
  const policies = compile({
    ingress: [{ from: blocks({ cidr: '128.0.0.0/1' }) }],
    egress: [{ to: blocks({ cidr: 'fd00::/16' }) }],
  });
  const cut = (direction: 'ingress' | 'egress', family: 'ipv4' | 'ipv6') =>
    outsideRanges(policies, direction, family).map(describeRange);
  expect(cut('ingress', 'ipv4')).toEqual(['0.0.0.0/1', '128.0.0.0/1']);
  expect(cut('egress', 'ipv4')).toEqual(['0.0.0.0/0']);
  expect(cut('ingress', 'ipv6')).toEqual(['::/0']);
  expect(cut('egress', 'ipv6')).toEqual([
    '::-fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    'fd00::/16',
    'fd01::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ]);
});

test('the outside is split at 10,000 CIDRs', () => {
  const many = Array.from({ length: 10_000 }, (_, at) => ({ cidr: `10.${at >> 8}.${at & 255}.0/25` }));
  expect(outsideRanges(compile({ ingress: [{ from: blocks(...many) }] }), 'ingress', 'ipv4')).toHaveLength(20_001);
});

test('ranges of the outside that touch are joined', () => {
  const range = (from: bigint, to: bigint) => ({ family: 'ipv4' as const, from, to });
  expect(joinRanges([range(0n, 1n), range(2n, 3n), range(5n, 6n)])).toEqual([range(0n, 3n), range(5n, 6n)]);
});

test('an address in a range is found that is not the cluster’s', () => {
  const range = { family: 'ipv4', from: 0x0a000000n, to: 0x0a000002n } as const;
  expect(addressOutside(range, new Set())).toBe('10.0.0.0');
  expect(addressOutside(range, new Set(['10.0.0.0', '10.0.0.1']))).toBe('10.0.0.2');
  expect(addressOutside(range, new Set(['10.0.0.0', '10.0.0.1', '10.0.0.2']))).toBeUndefined();
});
