import { expect, test } from '@jest/globals';
import { describeWorldChanges } from '../../../src/cli/play/world-changes.ts';
import { podOf, worldOf } from './small-world.ts';

test('changes of a world are described in kubectl’s style', () => {
  const web = podOf('web', '10.244.1.2');
  const before = worldOf([web, podOf('old', '10.244.1.3')], { deny: { podSelector: {} } });
  const after = worldOf(
    [{ ...web, labels: new Map([['app', 'other']]) }],
    { deny: { podSelector: { matchLabels: { app: 'x' } } }, allow: {} },
    { externals: [{ name: 'office', ip: '172.17.0.5', ports: [] }] },
  );
  expect(describeWorldChanges(before, after)).toEqual([
    'pod shop/web configured',
    'pod shop/old deleted',
    'machine office created',
    'networkpolicy shop/allow created',
    'networkpolicy shop/deny configured',
  ]);
  expect(describeWorldChanges(after, after)).toEqual([]);
});

test('a Service whose pods change is not reported as changed', () => {
  const service = (endpoints: readonly { ip: string; port: number }[]) => ({
    namespace: 'shop',
    name: 'web',
    clusterIPs: ['10.96.0.11'],
    resolvesTo: ['10.96.0.11'],
    ports: [{ protocol: 'TCP' as const, port: 80, endpoints }],
  });
  const before = worldOf([], {}, { services: [service([])] });
  const after = worldOf([], {}, { services: [service([{ ip: '10.244.1.2', port: 80 }])] });
  expect(describeWorldChanges(before, after)).toEqual([]);
});

test('pods of a workload that came and went are described as scaling', () => {
  const replicas = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      podOf(`web-${index}`, `10.244.1.${index + 2}`, [], { workload: 'Deployment/web' }),
    );
  expect(describeWorldChanges(worldOf(replicas(1)), worldOf(replicas(3)))).toEqual([
    'deployment shop/web scaled from 1 to 3',
  ]);
  expect(describeWorldChanges(worldOf(replicas(3)), worldOf([...replicas(2), podOf('db', '10.244.1.9')]))).toEqual([
    'deployment shop/web scaled from 3 to 2',
    'pod shop/db created',
  ]);
});
