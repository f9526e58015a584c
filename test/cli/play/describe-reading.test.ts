import { expect, test } from '@jest/globals';
import { describeChanges, describeDisagreements, describeReadings } from '../../../src/cli/play/describe-reading.ts';
import type { Reading } from '../../../src/cli/play/reading.ts';

const OPEN: Reading = {
  from: 'shop/web',
  to: 'shop/db',
  protocol: 'TCP',
  port: 5432,
  family: 'ipv4',
  measured: 'open',
  expected: 'allow',
  reasons: ['open: no policy isolates egress of shop/web', 'open: no policy isolates ingress of shop/db'],
};
const CLOSED: Reading = { ...OPEN, measured: 'timeout', expected: 'deny', reasons: ['denied: ingress'] };

test('a reading’s description says what each connection does and why', () => {
  expect(describeReadings([OPEN, { ...CLOSED, from: 'shop/other' }])).toEqual([
    'shop/web → shop/db TCP 5432 connects: open: no policy isolates egress of shop/web\n' +
      '  and open: no policy isolates ingress of shop/db',
    'shop/other → shop/db TCP 5432 times out: denied: ingress',
  ]);
});

test('a reading’s description names the family if there are two', () => {
  expect(describeReadings([CLOSED, { ...CLOSED, family: 'ipv6' }])).toEqual([
    'shop/web → shop/db TCP 5432 (IPv4) times out: denied: ingress',
    'shop/web → shop/db TCP 5432 (IPv6) times out: denied: ingress',
  ]);
});

test('described changes include what changed, not what was added or stayed', () => {
  const came: Reading = { ...CLOSED, from: 'shop/new' };
  expect(describeChanges([OPEN], [CLOSED, came])).toEqual([
    'shop/web → shop/db TCP 5432 now times out: denied: ingress',
  ]);
  expect(describeChanges([OPEN], [OPEN])).toEqual([]);
});

test('described disagreements are those between the kernel and the policies', () => {
  const leak: Reading = { ...CLOSED, measured: 'open' };
  expect(describeDisagreements([OPEN, CLOSED, leak, { ...OPEN, measured: 'not probed' }])).toEqual([
    'shop/web → shop/db TCP 5432 connects, but the policies say deny: denied: ingress',
  ]);
});
