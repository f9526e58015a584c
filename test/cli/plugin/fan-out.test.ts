import { describe, expect, test } from '@jest/globals';
import { fanOut } from '../../../src/cli/plugin/fan-out.ts';

const gate = () => Promise.withResolvers<undefined>();

describe('asking many', () => {
  test('no more than the given number run at a time, and answers keep the order of the questions', async () => {
    const all = Array.from({ length: 40 }, (_, at) => at);
    const gates = all.map(gate);
    let open = 0;
    let most = 0;
    const answers = fanOut(all, {
      atOnce: 16,
      deadlineMs: 60_000,
      async ask(one) {
        open += 1;
        most = Math.max(most, open);
        await gates[one]?.promise;
        open -= 1;
        return one * 2;
      },
    });
    // The later ones are let go first: those that wait for a place go by themselves once they have it.
    for (const each of gates.toReversed()) each.resolve(undefined);
    expect((await answers).map((answer) => ('value' in answer ? answer.value : undefined))).toEqual(
      all.map((one) => one * 2),
    );
    expect(most).toBe(16);
  });

  test('one that does not answer in time and one that fails are named, and do not hold up the others', async () => {
    const answers = await fanOut(['slow', 'broken', 'fine'], {
      atOnce: 1,
      deadlineMs: 50,
      ask(one) {
        if (one === 'slow') return gate().promise;
        if (one === 'broken') throw new Error('it is broken');
        return Promise.resolve(one);
      },
    });
    expect(answers).toEqual([
      { of: 'slow', error: 'no answer in time' },
      { of: 'broken', error: 'it is broken' },
      { of: 'fine', value: 'fine' },
    ]);
  });
});
