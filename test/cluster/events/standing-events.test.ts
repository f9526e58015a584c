import { beforeEach, expect, test } from '@jest/globals';
import { createStandingEvents } from '../../../src/cluster/events/standing-events.ts';
import type { OperatorEvent } from '../../../src/model/operator-event.ts';

let told: string[];
let timers: (() => void)[];
let standing: ReturnType<typeof createStandingEvents>;

const event = (note: string): OperatorEvent => ({ type: 'Warning', reason: 'R', action: 'A', note });

const halfAnHour = (): void => {
  for (const timer of timers.splice(0)) timer();
};

beforeEach(() => {
  [told, timers] = [[], []];
  const after = (ms: number, callback: () => void): (() => void) => {
    expect(ms).toBe(1_800_000);
    timers.push(callback);
    return () => (timers = timers.filter((each) => each !== callback));
  };
  standing = createStandingEvents({ now: () => 0, wall: () => '', after }, ({ note }) => told.push(note));
});

test('what stands is told when it begins, and every half hour', () => {
  standing.stand('faults', [event('a')]);
  standing.stand('faults', [event('a'), event('b')]);
  expect(told).toEqual(['a', 'b']);
  halfAnHour();
  expect(told).toEqual(['a', 'b', 'a', 'b']);
});

test('what has ended is not told again, unless it comes back; other topics are not touched', () => {
  standing.stand('company', [event('c')]);
  standing.stand('faults', [event('a')]);
  standing.stand('faults', []);
  halfAnHour();
  expect(told).toEqual(['c', 'a', 'c']);
  standing.stand('faults', [event('a')]);
  expect(told).toEqual(['c', 'a', 'c', 'a']);
});

test('of one topic twenty are told', () => {
  standing.stand(
    'faults',
    Array.from({ length: 25 }, (_, at) => event(String(at))),
  );
  expect(told).toHaveLength(20);
});

test('ends with the agent', () => {
  standing.stop();
  expect(timers).toEqual([]);
});
