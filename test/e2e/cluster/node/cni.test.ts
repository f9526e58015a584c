import { expect, test } from '@jest/globals';
import { cniConfigList } from '../../../../e2e/cluster/node/cni.ts';

test('each family of the CNI configuration has a range and a default route', () => {
  const config: unknown = JSON.parse(cniConfigList('ptp', ['ipv4', 'ipv6'], ['10.244.1.0/24', 'fd00:10:244:1::/64']));
  expect(config).toMatchObject({
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: {
          ranges: [[{ subnet: '10.244.1.0/24' }], [{ subnet: 'fd00:10:244:1::/64' }]],
          routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
        },
      },
      { type: 'portmap' },
    ],
  });
});

test('the CNI configuration of a bridge lets a pod’s packets come back to it', () => {
  const config: unknown = JSON.parse(cniConfigList('bridge', ['ipv4'], ['10.244.1.0/24']));
  expect(config).toMatchObject({ plugins: [{ type: 'bridge', isGateway: true, hairpinMode: true }, {}] });
});
