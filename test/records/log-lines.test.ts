import { describe, expect, test } from '@jest/globals';
import { createLogLines, logFields } from '../../src/records/log-lines.ts';
import { flowRecord } from './flow-record.ts';

describe('lines of the log', () => {
  test('lines of the log come once a minute for each edge, with the number of reports', () => {
    const lines = createLogLines();
    expect(lines.take(flowRecord(0), 0)).toMatchObject({ reports: 1 });
    expect(lines.take(flowRecord(0), 1000)).toBeUndefined();
    expect(lines.take(flowRecord(0, { port: 81 }), 1000)).toMatchObject({ reports: 1 });
    expect(lines.take(flowRecord(0), 59_999)).toBeUndefined();
    expect(lines.take(flowRecord(0), 60_000)).toMatchObject({ reports: 3 });
  });

  test('lines of the log name both ends, the policies and the nearest rule', () => {
    const record = flowRecord(0, { service: '10.96.0.1:80', portName: 'http', rule: 'shop/web has no ingress rules' });
    expect(logFields({ record, reports: 1 })).toEqual({
      from: 'shop/client-1',
      to: 'shop/web-1',
      service: '10.96.0.1:80',
      port: 'TCP 80 (http)',
      direction: 'ingress',
      reason: 'policy',
      policies: ['shop/web'],
      nearest: 'shop/web has no ingress rules',
    });
  });

  test('a line of the log has the labels of the pod at the other end, where the rule does not mean it', () => {
    const record = flowRecord(0, { rule: 'shop/web ingress[0] allows only from pods a=b', farLabels: 'a=c' });
    expect(logFields({ record, reports: 1 })['nearest']).toBe(
      'shop/web ingress[0] allows only from pods a=b; shop/client-1 has a=c',
    );
  });
});
