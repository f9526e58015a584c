import type { FlowRecord } from '../../src/records/record.ts';

/** A refused connection of shop/client to shop/web at TCP 80, unless `changes` says otherwise. */
export const flowRecord = (at: number, changes: Partial<FlowRecord> = {}): FlowRecord => ({
  at: new Date(at).toISOString(),
  node: 'n1',
  verdict: 'denied',
  direction: 'ingress',
  reason: 'policy',
  source: { kind: 'pod', address: '10.0.0.1', namespace: 'shop', name: 'client-1', workload: 'Deployment/client' },
  destination: { kind: 'pod', address: '10.0.0.2', namespace: 'shop', name: 'web-1' },
  protocol: 'TCP',
  port: 80,
  policies: ['shop/web'],
  ...changes,
});
