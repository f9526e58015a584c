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

test('a lasting event is reported when it begins, and every half hour', () => {
  standing.stand('faults', [event('a')]);
  standing.stand('faults', [event('a'), event('b')]);
  expect(told).toEqual(['a', 'b']);
  halfAnHour();
  expect(told).toEqual(['a', 'b', 'a', 'b']);
});

test('a lasting event that has ended is not repeated unless it comes back; other topics are not affected', () => {
  standing.stand('company', [event('c')]);
  standing.stand('faults', [event('a')]);
  standing.stand('faults', []);
  halfAnHour();
  expect(told).toEqual(['c', 'a', 'c']);
  standing.stand('faults', [event('a')]);
  expect(told).toEqual(['c', 'a', 'c', 'a']);
});

test('up to twenty lasting events of one topic are reported', () => {
  standing.stand(
    'faults',
    Array.from({ length: 25 }, (_, at) => event(String(at))),
  );
  expect(told).toHaveLength(20);
});

test('lasting events end with the agent', () => {
  standing.stop();
  expect(timers).toEqual([]);
});
