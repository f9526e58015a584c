import { expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { createClosedObserver, describeClosed } from '../../src/telemetry/closed-observer.ts';
import { createDrivenClock } from '../reconcile/driven-clock.ts';
import { podEndpoint } from '../support/pod-endpoint.ts';

const GONE = podEndpoint('gone', { ips: ['10.0.0.1'], closed: 'unknown' });
const NAMELESS = podEndpoint('u1', { namespace: '', ips: ['10.0.0.2'], closed: 'vanished' });

const setUp = () => {
  const clock = createDrivenClock();
  const counts: unknown[] = [];
  const lines: string[] = [];
  const log = {
    warn: (message: string, { pod }: Record<string, unknown> = {}) => void lines.push(`${message}: ${String(pod)}`),
    info: (message: string, { pod }: Record<string, unknown> = {}) => void lines.push(`${message}: ${String(pod)}`),
  };
  const observer = createClosedObserver({ setClosedPods: (each) => void counts.push(each) }, log, clock);
  return { clock, counts, lines, observer };
};

test('closed pods are counted at once, and logged once when they last, and when they end', async () => {
  const { clock, counts, lines, observer } = setUp();
  observer.observe([GONE, NAMELESS]);
  expect(counts).toEqual([{ unknown: 1, vanished: 1 }]);
  expect(lines).toEqual([]);
  await clock.pass(2000);
  expect(lines).toEqual([
    'a deleted pod still runs; it is closed in both directions: shop/gone',
    'a deleted pod still runs; it is closed in both directions: u1',
  ]);
  observer.observe([NAMELESS]);
  observer.observe([NAMELESS]);
  await clock.pass(10_000);
  expect(lines.slice(2)).toEqual(['a deleted pod is no longer closed: shop/gone']);
});

test('pods that are closed only for a moment are not logged', async () => {
  const { clock, lines, observer } = setUp();
  observer.observe([GONE]);
  await clock.pass(1000);
  observer.observe([]);
  await clock.pass(10_000);
  expect(lines).toEqual([]);
});

test('an observer that was stopped logs nothing', async () => {
  const { clock, lines, observer } = setUp();
  observer.observe([GONE]);
  observer.stop();
  await clock.pass(10_000);
  expect(lines).toEqual([]);
});

test('the status lists 50 closed pods and counts all', () => {
  const many: readonly PodEndpoint[] = Array.from({ length: 60 }, () => GONE);
  const { count, pods } = describeClosed(many);
  expect([count, pods.length]).toEqual([60, 50]);
  expect(pods[0]).toEqual({
    pod: 'shop/gone',
    uid: 'gone',
    addresses: ['10.0.0.1'],
    reason: 'its sandbox lives but the API server does not know its pod',
  });
});
