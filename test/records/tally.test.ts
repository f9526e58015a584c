import { describe, expect, test } from '@jest/globals';
import { createTally } from '../../src/records/tally.ts';

const reading = (packets: number, counter = 'chain') => ({ counter, name: 'policy', packets });

describe('the tally of counters', () => {
  test('the tally of counters adds what came since the last reading', () => {
    const tally = createTally();
    expect(tally.take([reading(3)]).get('policy')).toBe(3);
    expect(tally.take([reading(5), reading(2, 'body')]).get('policy')).toBe(4);
    expect(tally.take([reading(5)]).get('policy')).toBe(0);
  });

  test('the tally of counters never decreases if a counter is reset', () => {
    const tally = createTally();
    tally.take([reading(100)]);
    expect(tally.take([reading(7)]).get('policy')).toBe(7);
  });

  test('the tally of counters adds the whole value of a counter that was reset, even if it is larger by now', () => {
    const tally = createTally();
    tally.take([reading(5)]);
    tally.restart((counter) => counter === 'chain');
    expect(tally.take([reading(9)]).get('policy')).toBe(9);
  });
});
