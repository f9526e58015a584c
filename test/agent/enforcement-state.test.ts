import { expect, test } from '@jest/globals';
import { createEnforcementStates } from '../../src/agent/enforcement-state.ts';
import { createProbes } from '../../src/agent/probes.ts';
import type { PartNotInForce } from '../../src/telemetry/parts-observer.ts';

const START = Date.parse('2026-11-30T10:00:00.000Z');

const IPV6: PartNotInForce = {
  part: 'ipv6',
  reason: 'no table',
  holds: 'open',
  isOpen: false,
  isLasting: true,
};

const stage = () => {
  let now = 0;
  let parts: readonly PartNotInForce[] = [];
  let status = { ready: false, failures: 0, lastError: undefined as string | undefined, heartbeatAt: 0 };
  let isHeld = true;
  let isReady: boolean | undefined;
  let changes = 0;
  const lines: string[] = [];
  const clock = {
    now: () => now,
    wall: () => new Date(START + now).toISOString(),
    after: () => () => undefined,
  };
  const probes = createProbes({
    parts: { list: () => parts },
    lock: { isHeld: () => isHeld, holder: () => 'somebody' } as Parameters<typeof createProbes>[0]['lock'],
    reconciler: { status: () => status as ReturnType<Parameters<typeof createProbes>[0]['reconciler']['status']> },
    clock,
  });
  const states = createEnforcementStates({
    ready: probes.ready,
    parts: { list: () => parts },
    metrics: {
      setReady(ready) {
        isReady = ready;
      },
    },
    clock,
    log: { info: (message) => void lines.push(message), warn: (message) => void lines.push(message) },
    onChange: () => (changes += 1),
  });
  return {
    states,
    lines,
    readyz: () => probes.ready().ok,
    metric: () => isReady,
    changes: () => changes,
    set(
      more: { readonly parts?: readonly PartNotInForce[]; readonly isHeld?: boolean; readonly at?: number } & Partial<
        typeof status
      >,
    ) {
      const { parts: newParts, isHeld: newHeld, at, ...rest } = more;
      parts = newParts ?? parts;
      isHeld = newHeld ?? isHeld;
      now = at ?? now;
      status = { ...status, ...rest };
    },
  };
};

test('the state starts as not enforcing, since the start of the agent', () => {
  const { states, metric } = stage();
  expect(states.observe()).toEqual({
    level: 'not enforcing',
    since: '2026-11-30T10:00:00.000Z',
    reasons: ['policy is not in force yet'],
  });
  expect(metric()).toBe(false);
});

test('the time since which a state holds is that of its first observation, and stays while only reasons change', () => {
  const { states, set } = stage();
  set({ ready: true, at: 1000 });
  expect(states.observe()).toEqual({ level: 'enforcing', since: '2026-11-30T10:00:01.000Z', reasons: [] });
  set({ at: 5000, parts: [IPV6] });
  expect(states.observe()).toMatchObject({ level: 'in part', since: '2026-11-30T10:00:05.000Z' });
  set({ at: 9000, parts: [{ ...IPV6, reason: 'no module' }] });
  expect(states.observe()).toEqual({
    level: 'in part',
    since: '2026-11-30T10:00:05.000Z',
    reasons: ['ipv6 is not in force (open): no module'],
  });
});

test.each([
  ['another agent has the node', { isHeld: false }],
  ['a part leaves something open', { parts: [{ ...IPV6, isOpen: true }] }],
  ['passes keep failing', { failures: 5, lastError: 'busy' }],
  ['a part is closed', { parts: [IPV6] }],
  ['one pass failed', { failures: 1, lastError: 'busy' }],
])('the ready metric, /readyz and the level agree while %s, and at its end', (_, fault) => {
  const { states, set, metric, readyz } = stage();
  const agree = (): void => {
    const { level } = states.observe();
    expect([metric(), level !== 'not enforcing']).toEqual([readyz(), readyz()]);
  };
  set({ ready: true });
  agree();
  set(fault);
  agree();
  set({ isHeld: true, parts: [], failures: 0, lastError: undefined });
  agree();
  expect(states.observe().level).toBe('enforcing');
});

test('each change of the level is logged once after the first pass, and reported', () => {
  const { states, set, lines, changes } = stage();
  states.observe();
  expect(lines).toEqual([]);
  set({ parts: [{ ...IPV6, isOpen: true }], ready: true });
  states.notePass();
  states.notePass();
  set({ parts: [] });
  states.notePass();
  states.observe();
  set({ parts: [IPV6] });
  states.observe();
  expect(changes()).toBe(2);
  expect(lines).toEqual([
    'this node does not enforce all of its policies',
    'this node enforces all of its policies',
    'this node does not enforce all of its policies',
  ]);
});
