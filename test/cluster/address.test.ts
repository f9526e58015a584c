import { describe, expect, test } from '@jest/globals';
import ipaddr from 'ipaddr.js';
import { canonicalAddress, onePerFamily } from '../../src/cluster/address.ts';

describe('canonicalAddress', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.249.199.99', '255.249.199.99'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:2:0:0:3:4:5', '1:0:2::3:4:5'],
    ['::', '::'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:0001', '10.0.0.1'],
  ])('canonicalAddress spells %s as %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  test.each([
    '',
    'x',
    '10.0.0',
    '10.0.0.1.',
    '10.0.0.1\n',
    '10.0.00.1',
    '10.0.0.256',
    '010.0.0.1',
    '0x0a.0.0.1',
    '256.0.0.1',
    '167772161',
    'fe80::1%eth0',
    '10.0.0.1/32',
    ':::',
  ])('canonicalAddress refuses %j', (text) => {
    expect(canonicalAddress(text)).toBeUndefined();
  });
});

test('canonicalAddress agrees with the parser on addresses of four parts', () => {
  const parts = [
    '',
    '0',
    '00',
    '1',
    '01',
    '9',
    '10',
    '99',
    '100',
    '199',
    '200',
    '249',
    '250',
    '255',
    '256',
    '0x1',
    ' 1',
    '+1',
  ];
  for (const first of parts) {
    for (const last of parts) {
      const text = `${first}.10.0.${last}`;
      expect([text, canonicalAddress(text)]).toEqual([
        text,
        ipaddr.IPv4.isValidFourPartDecimal(text) ? text : undefined,
      ]);
    }
  }
});

describe('onePerFamily', () => {
  test('onePerFamily keeps the first address of each family, in the given order', () => {
    expect(onePerFamily(['fd00::1', '10.0.0.1', 'fd00::2', '10.0.0.2'])).toEqual(['fd00::1', '10.0.0.1']);
  });

  test('onePerFamily drops invalid addresses', () => {
    expect(onePerFamily(['', 'pending', '10.0.0.1'])).toEqual(['10.0.0.1']);
  });
});
