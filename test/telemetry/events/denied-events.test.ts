import { describe, expect, test } from '@jest/globals';
import type { OperatorEvent } from '../../../src/model/operator-event.ts';
import { createDeniedEvents } from '../../../src/telemetry/events/denied-events.ts';
import { createDrivenClock } from '../../reconcile/driven-clock.ts';
import { flowRecord } from '../../records/flow-record.ts';
import { podEndpoint } from '../../support/pod-endpoint.ts';

const setUp = () => {
  const told: OperatorEvent[] = [];
  const clock = createDrivenClock();
  const tell = createDeniedEvents({
    events: { tell: (event) => told.push(event), stand: () => undefined },
    clock,
    podsAt: (address) => [podEndpoint(`pod-${address}`)],
  });
  return { told, clock, tell };
};

const web = (address: string) => ({ kind: 'pod', address, namespace: 'shop', name: `pod-${address}` }) as const;

describe('events of refused connections', () => {
  test('are on the pod whose policies refused, with the policies and the nearest rule', () => {
    const { told, tell } = setUp();
    tell(flowRecord(0, { rule: 'shop/web has no ingress rules' }));
    expect(told).toEqual([
      {
        pod: { namespace: 'shop', name: 'pod-10.0.0.2', uid: 'pod-10.0.0.2' },
        type: 'Warning',
        reason: 'Denied',
        action: 'Receive',
        note: 'TCP 80 from shop/client-1 was refused; ingress is isolated by shop/web; nearest: shop/web has no ingress rules',
      },
    ]);
  });

  test('name no pod of another namespace, nor its labels', () => {
    const { told, tell } = setUp();
    const source = { kind: 'pod', address: '10.0.0.1', namespace: 'store', name: 'secret' } as const;
    tell(flowRecord(0, { source, rule: 'shop/web allows only from pods a=b, only TCP 1', farLabels: 'a=c' }));
    expect(told[0]?.note).toBe(
      'TCP 80 from a pod of another namespace was refused; ingress is isolated by shop/web; nearest: shop/web allows only from pods a=b, only TCP 1',
    );
  });

  test('name the labels of the other pod of the same namespace', () => {
    const { told, tell } = setUp();
    tell(flowRecord(0, { rule: 'shop/web allows only from pods a=b', farLabels: 'a=c' }));
    expect(told[0]?.note).toMatch(/nearest: shop\/web allows only from pods a=b; shop\/client-1 has a=c$/);
  });

  test('come once a pod in ten minutes, and once a second', async () => {
    const { told, tell, clock } = setUp();
    tell(flowRecord(0));
    tell(flowRecord(0, { destination: web('10.0.0.3') }));
    expect(told).toHaveLength(1);
    await clock.pass(1000);
    tell(flowRecord(0));
    expect(told).toHaveLength(1);
    tell(flowRecord(0, { destination: web('10.0.0.3') }));
    expect(told).toHaveLength(2);
    await clock.pass(600_000);
    tell(flowRecord(0));
    expect(told).toHaveLength(3);
  });
});
