import { beforeEach, expect, test } from '@jest/globals';
import { createNodeLockObserver } from '../../src/telemetry/node-lock-observer.ts';
import { createDrivenClock, type DrivenClock } from '../reconcile/driven-clock.ts';

const silent = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined };

let clock: DrivenClock;
let standing: readonly string[];
let ends: string[];
let observer: ReturnType<typeof createNodeLockObserver>;

beforeEach(() => {
  clock = createDrivenClock();
  standing = [];
  ends = [];
  observer = createNodeLockObserver({
    clock,
    log: silent,
    events: {
      tell: ({ type, reason }) => void ends.push(`${type} ${reason}`),
      stand: (_, events) => {
        standing = events.map(({ reason, note }) => `${reason}: ${note}`);
      },
    },
  });
});

test('an agent that waits during an upgrade logs nothing', async () => {
  observer.onWaiting('version 1, process 7');
  await clock.pass(59_000);
  observer.onHeld('taken over');
  await clock.pass(60_000);
  expect([standing, ends]).toEqual([[], []]);
});

test('an agent that waits longer is reported as a second one, until it has the node', async () => {
  observer.onWaiting('version 1, process 7');
  await clock.pass(61_000);
  expect(standing).toEqual([expect.stringMatching(/^TwoAgents: .* version 1, process 7 enforces policies/)]);
  observer.onHeld('taken over');
  expect([standing, ends]).toEqual([[], ['Normal OneAgent']]);
});

test('an agent’s timers end with it', () => {
  observer.onWaiting('version 1, process 7');
  observer.stop();
  expect(clock.nextIn()).toBeUndefined();
});
