import { expect, test } from '@jest/globals';
import { interfaceNames } from '../../src/render/interface-names.ts';

test('interfaces are named by their indexes, each once', () => {
  const text = [
    '2    eth0            1     0     333300000001',
    '2    eth0            1     0     01005e000001',
    '17   veth0a1b2c3d    1     0     01005e000001',
    '',
  ].join('\n');
  expect([...interfaceNames(text)]).toEqual([
    [2, 'eth0'],
    [17, 'veth0a1b2c3d'],
  ]);
});
