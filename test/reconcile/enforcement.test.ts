import { expect, test } from '@jest/globals';
import type { Clock } from '../../src/model/clock.ts';
import { createEnforcement } from '../../src/reconcile/enforcement.ts';
import { createPendingChanges } from '../../src/reconcile/pending-changes.ts';
import { createFakeKernel } from '../support/fake-kernel/fake-kernel.ts';
import { createFakeHost } from '../support/fake-kernel/host.ts';
import { openTo, withPeers } from './bench.ts';

const CHECK_MS = 1_000;

test('a change goes before a check that is due, but does not put it off for ever', async () => {
  let now = 0;
  let snapshot = openTo('api');
  const clock: Clock = { now: () => now, wall: () => '', after: () => () => undefined };
  const host = createFakeHost();
  const steps: string[] = [];
  host.failure = ({ kind }) => {
    steps.push(kind);
    return undefined;
  };
  const enforcement = createEnforcement(
    { node: 'n1', checkIntervalMs: CHECK_MS, program: {} },
    {
      source: { hasSynced: () => true, snapshot: () => snapshot, revisions: () => ({}) },
      kernel: createFakeKernel(host),
      clock,
    },
  );
  const pending = createPendingChanges();
  const passAt = async (time: number, peer?: string): Promise<readonly string[]> => {
    now = time;
    if (peer !== undefined) {
      snapshot = withPeers(peer);
      pending.note(undefined);
    }
    steps.length = 0;
    await enforcement.pass(pending);
    return [...new Set(steps)];
  };
  await passAt(0);
  await passAt(1, '10.1.1.50');
  expect(await passAt(CHECK_MS + 1, '10.1.1.51')).toEqual(['ipset line']);
  expect(await passAt(CHECK_MS + 1)).toEqual(['ipset save', 'iptables save']);
  expect(await passAt(3 * CHECK_MS + 1, '10.1.1.52')).toEqual(['ipset save', 'iptables save', 'ipset line']);
});
