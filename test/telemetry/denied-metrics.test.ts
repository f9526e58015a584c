import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { registerDeniedMetrics } from '../../src/telemetry/denied-metrics.ts';

describe('the metric of refused packets', () => {
  test('adds up what the kernel counted', async () => {
    const registry = new Registry();
    const metrics = registerDeniedMetrics(registry);
    const labels = { direction: 'ingress', policyNamespace: 'shop', isolatedBy: 'web', reason: 'policy' } as const;
    metrics.recordDenied(labels, 3);
    metrics.recordDenied(labels, 4);
    expect(await registry.metrics()).toContain(
      'portcullis_denied_packets_total{direction="ingress",policy_namespace="shop",isolated_by="web",reason="policy"} 7\n',
    );
  });

  test('has up to 500 series; packets of further policies are summed up', async () => {
    const registry = new Registry();
    const metrics = registerDeniedMetrics(registry);
    for (let at = 0; at < 2000; at += 1) {
      metrics.recordDenied(
        { direction: 'egress', policyNamespace: 'shop', isolatedBy: `policy-${at}`, reason: 'policy' },
        1,
      );
    }
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('portcullis_denied_packets'));
    expect(lines.length).toBeLessThanOrEqual(500);
    expect(lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(2000);
    expect(lines.at(-1)).toContain('policy_namespace="",isolated_by="others"');
  });
});
