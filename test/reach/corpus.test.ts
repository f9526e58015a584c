import { describe, expect, test } from '@jest/globals';
import { corpusRoot } from '../support/corpus.ts';
import { corpusWorlds } from './corpus-worlds.ts';
import { classDifference, naiveDifference, outsideMistakes, podChanges } from './naive-difference.ts';
import { classVerdicts, pairwiseVerdicts, reachOf } from './pairwise.ts';

const root = corpusRoot();

describe('in every cluster of the corpora', () => {
  if (root === undefined) {
    test('left out: the corpus is not on this machine', () => {
      expect(root).toBeUndefined();
    });
    return;
  }

  test('the matrix by classes is the one that asks each pair', async () => {
    let compared = 0;
    for (const { name, states } of await corpusWorlds(root)) {
      for (const state of states) {
        const pairwise = pairwiseVerdicts(state);
        expect([name, classVerdicts(reachOf(state))]).toEqual([name, pairwise]);
        compared += pairwise.size;
      }
    }
    expect(compared).toBeGreaterThan(50_000);
  });

  test('diff is the difference of two such matrices, from each state to the next', async () => {
    let changes = 0;
    for (const { name, states } of await corpusWorlds(root)) {
      for (const [at, state] of states.slice(1).entries()) {
        const before = states[at] ?? state;
        const difference = classDifference(before, state);
        const expected = naiveDifference(before, state);
        expect([name, podChanges(difference)]).toEqual([name, expected]);
        expect([name, outsideMistakes(difference, before, state).wrong]).toEqual([name, []]);
        changes += expected.length;
      }
    }
    expect(changes).toBeGreaterThan(1_000);
  });
});
