import { expect, test } from '@jest/globals';
import type { Clock } from '../../src/model/clock.ts';
import { createEnforcement } from '../../src/reconcile/enforcement.ts';
import { createPendingChanges, createTurns } from '../../src/reconcile/pending-changes.ts';
import { createFakeKernel } from '../support/fake-kernel/fake-kernel.ts';
import { createFakeHost } from '../support/fake-kernel/host.ts';
import { openTo, withPeers } from './bench.ts';

const CHECK_MS = 1_000;

test('a change goes before a due check, but does not postpone it forever', async () => {
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
  const pending = createPendingChanges(createTurns(clock), clock.now);
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

test('a change does not wait for a full read, unless the read was postponed too often', async () => {
  let now = 0;
  let snapshot = openTo('api');
  const clock: Clock = { now: () => now, wall: () => '', after: () => () => undefined };
  const host = createFakeHost();
  const fake = createFakeKernel(host);
  let onRead = (): void => undefined;
  const enforcement = createEnforcement(
    { node: 'n1', checkIntervalMs: CHECK_MS, program: {} },
    {
      source: { hasSynced: () => true, snapshot: () => snapshot, revisions: () => ({}) },
      kernel: {
        ...fake,
        async observe() {
          const observed = await fake.observe();
          onRead();
          // As in a real kernel, the result of a read is known only some turns of the loop later.
          await new Promise(setImmediate);
          return observed;
        },
      },
      clock,
    },
  );
  const pending = createPendingChanges(createTurns(clock), clock.now);
  await enforcement.pass(pending);
  const foreign = [...host.sets.values()].find(({ members }) => members.has('10.1.1.11'));
  foreign?.members.add('192.0.2.9');
  let peers = 0;
  onRead = () => {
    peers += 1;
    snapshot = withPeers('10.1.1.11', `10.1.2.${String(peers)}`);
    pending.note(undefined);
  };
  const drifts: number[] = [];
  for (let check = 1; check <= 4; check += 1) {
    now = check * CHECK_MS;
    const { drift, changes } = await enforcement.pass(pending);
    expect(changes).toBeGreaterThan(0);
    drifts.push(drift);
  }
  // The fourth read was not dropped: the added rule was found.
  expect(drifts).toEqual([0, 0, 0, 1]);
  expect(foreign?.members.has('192.0.2.9')).toBe(false);
});
