import { expect, test } from '@jest/globals';
import { readListenAddress } from '../../src/config/listen-address.ts';

test.each([
  ['127.0.0.1:9577', { host: '127.0.0.1', port: 9577 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['[192.0.2.7]:9577', { host: '192.0.2.7', port: 9577 }],
  ['[fe80::1]:0', { host: 'fe80::1', port: 0 }],
  [':9577', { host: undefined, port: 9577 }],
  ['localhost:1', { host: 'localhost', port: 1 }],
  ['node-1.example.com:65535', { host: 'node-1.example.com', port: 65_535 }],
  ['0', 'off'],
  ['off', 'off'],
])('readListenAddress reads %s', (text, address) => {
  expect(readListenAddress(text)).toEqual(address);
});

test.each([
  '',
  '9577',
  'host',
  'host:',
  '::1:80',
  '[::1]',
  '[host]:80',
  '[]:80',
  '1.2.3:80',
  '256.1.1.1:80',
  'a:65536',
  'a b:80',
  '-a:80',
  'http://a:80',
])('readListenAddress refuses "%s"', (text) => {
  expect(readListenAddress(text)).toBeUndefined();
});
