import { describe, expect, test } from '@jest/globals';
import { covers, familyOf, formatAddress, formatCidr, parseAddress, parseCidr } from '../../src/policy/cidr.ts';

const read = (text: string): string | undefined => {
  const cidr = parseCidr(text);
  return cidr && formatCidr(cidr);
};

describe('CIDRs', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/32', '255.255.255.255/32'],
    ['010.000.000.001/32', '10.0.0.1/32'],
    ['fd00::/64', 'fd00::/64'],
    ['FD00:0:0:0::1/128', 'fd00::1/128'],
    ['fd00::1/16', 'fd00::/16'],
    ['::/0', '::/0'],
  ])('the CIDR %s is read as %s', (text, canonical) => {
    expect(read(text)).toBe(canonical);
  });

  test.each([
    '',
    '/',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '256.0.0.0/8',
    '0x0a.0.0.0/8',
    ' 10.0.0.0/8',
    'fd00::/129',
    'fd00::%eth0/64',
    '::ffff:10.0.0.0/104',
    'not-a-cidr',
  ])('%j is not a CIDR', (text) => {
    expect(read(text)).toBeUndefined();
  });
});

test('addresses keep their text', () => {
  const texts = ['0.0.0.0', '10.0.0.1', '255.255.255.255', '::', '::1', 'fd00::1:2', '2001:db8:1:2:3:4:5:6'];
  expect(
    texts.map((text) => {
      const address = parseAddress(text);
      return address && formatAddress(address);
    }),
  ).toEqual(texts);
});

test('families of addresses are recognized by spelling', () => {
  expect([familyOf('10.0.0.1'), familyOf('::1')]).toEqual(['ipv4', 'ipv6']);
});

test.each([
  ['10.0.0.0/8', '10.255.0.0/16', true],
  ['10.0.0.0/8', '10.0.0.0/8', true],
  ['10.0.0.0/16', '10.0.0.0/8', false],
  ['10.0.0.0/8', '11.0.0.0/16', false],
  ['::/0', '10.0.0.0/8', false],
  ['fd00::/16', 'fd00:1::/32', true],
])('the block %s covers %s: %s', (outer, inner, expected) => {
  const [a, b] = [parseCidr(outer), parseCidr(inner)];
  expect(a && b && covers(a, b)).toBe(expected);
});
