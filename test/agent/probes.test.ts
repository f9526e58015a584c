import { expect, test } from '@jest/globals';
import { createProbes } from '../../src/agent/probes.ts';
import type { ReconcilerStatus } from '../../src/reconcile/status.ts';
import type { PartNotInForce } from '../../src/telemetry/parts-observer.ts';

const STATUS: ReconcilerStatus = {
  ready: true,
  pending: false,
  notInForce: [],
  failures: 0,
  lastError: undefined,
  appliedResourceVersions: {},
  lastCheck: undefined,
  lastChange: undefined,
  waitingSince: undefined,
  heartbeatAt: 0,
};

const part = (more: Partial<PartNotInForce>): PartNotInForce => ({
  part: 'ipv6',
  reason: 'no table',
  holds: 'open',
  isOpen: false,
  isLasting: true,
  ...more,
});

const probe = (status: Partial<ReconcilerStatus>, parts: readonly PartNotInForce[] = [], isHeld = true, now = 0) => {
  const probes = createProbes({
    parts: { list: () => parts },
    lock: { isHeld: () => isHeld, holder: () => 'somebody' } as Parameters<typeof createProbes>[0]['lock'],
    reconciler: { status: () => ({ ...STATUS, ...status }) },
    clock: { now: () => now, wall: () => '', after: () => () => undefined },
  });
  return { ready: probes.ready(), health: probes.health() };
};

test('the agent is well only if every part is in force', () => {
  expect(probe({})).toEqual({ ready: { ok: true, reason: 'ok' }, health: { ok: true, reason: 'ok' } });
});

test.each([true, false])(
  'a part that is not in force is named by both probes, whether it leaves something open: %s',
  (isOpen) => {
    const { ready, health } = probe({}, [part({ isOpen })]);
    expect(ready).toEqual({ ok: !isOpen, reason: expect.stringContaining('ipv6 is not in force (open): no table') });
    expect(health).toEqual({ ok: true, reason: expect.stringContaining('ipv6 is not in force (open): no table') });
  },
);

test('a pass that just failed is reported, and makes no agent unready before the failure lasts', () => {
  expect(probe({ failures: 1, lastError: 'busy' }).ready).toEqual({
    ok: true,
    reason: 'ready, but the newest policy is not in force yet: busy',
  });
  expect(probe({ failures: 5, lastError: 'busy' }).ready).toEqual({ ok: false, reason: 'busy' });
});

test('the agent is not ready before the first programming, nor beside another agent', () => {
  expect(probe({ ready: false, lastError: 'no ip_set' }).ready).toEqual({ ok: false, reason: 'no ip_set' });
  expect(probe({}, [], false).ready.reason).toBe('another agent works on this node: somebody');
});

test('an agent whose loop hangs is unhealthy, whatever else is true', () => {
  expect(probe({}, [part({})], true, 121_000).health).toMatchObject({ ok: false });
});
