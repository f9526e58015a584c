import { expect, test } from '@jest/globals';
import { readAntiSpoofing } from '../../src/config/anti-spoofing.ts';

test('anti-spoofing takes auto, off, and names of interfaces, without duplicates', () => {
  expect(['auto', 'off', 'veth+', 'cni0,veth+,cni0', 'a23456789012345'].map(readAntiSpoofing)).toEqual([
    'auto',
    'off',
    ['veth+'],
    ['cni0', 'veth+'],
    ['a23456789012345'],
  ]);
});

test.each([
  '',
  '+',
  'veth+,',
  've+th',
  '! eth0',
  '-i',
  'a/b',
  'a234567890123456',
  'veth*',
  Array.from({ length: 17 }, (_, at) => `v${at}`).join(),
])('anti-spoofing refuses %j', (text) => {
  expect(readAntiSpoofing(text)).toBeUndefined();
});
