import { describe, expect, test } from '@jest/globals';
import { canonical, familyOf, hostCidr, inCidr, macFor, nthAddress } from '../../src/lab/addresses.ts';

describe('addresses', () => {
  test('addresses have their family and a canonical text', () => {
    expect([familyOf('10.0.0.1'), familyOf('fd00::1')]).toEqual(['ipv4', 'ipv6']);
    expect(canonical('FD00:0:0::01')).toBe('fd00::1');
    expect([hostCidr('10.0.0.1'), hostCidr('fd00::1')]).toEqual(['10.0.0.1/32', 'fd00::1/128']);
  });

  test.each(['10.1', '010.0.0.1', '0x7f000001', '10.0.0.1/8', 'pod', ''])('%j is not an address', (text) => {
    expect(() => familyOf(text)).toThrow(`lab: ${JSON.stringify(text)} is not an IP address`);
  });

  test('addresses are only in ranges of their own family', () => {
    expect(inCidr('10.244.1.255', '10.244.1.0/24')).toBe(true);
    expect(inCidr('10.244.2.0', '10.244.1.0/24')).toBe(false);
    expect(inCidr('fd00:10:244:1::9', 'fd00:10:244:1::/64')).toBe(true);
    expect(inCidr('::a00:1', '10.0.0.0/8')).toBe(false);
  });

  test('addresses give local hardware addresses that stay the same', () => {
    expect(macFor('10.244.1.5')).toBe('02:00:0a:f4:01:05');
    expect(macFor('fd00:10:244:1::5')).toBe('02:00:00:00:00:05');
  });

  test('addresses are counted through a range up to its end', () => {
    expect(nthAddress('10.244.0.0/16', 258)).toBe('10.244.1.2');
    expect(nthAddress('fd00:10:244::/64', 65_536)).toBe('fd00:10:244::1:0');
    expect(nthAddress('10.0.0.0/30', 3)).toBe('10.0.0.3');
    expect(() => nthAddress('10.0.0.0/30', 4)).toThrow(RangeError);
    expect(() => nthAddress('255.255.255.255/32', 1)).toThrow(RangeError);
  });
});
