import { describe, expect, test } from '@jest/globals';
import { APPLICATIONS, loadApplication } from '../../bench/suggest/application.ts';
import { evaluateApplication } from '../../bench/suggest/evaluate.ts';

/** The same as `npm run bench:suggest`, with random numbers of its own. */
describe.each(APPLICATIONS)('policies suggested for the application %s', (name) => {
  test('allow all of a held-out run, open hardly a pair that was not seen, and pass check', () => {
    const evaluation = evaluateApplication(loadApplication(name), { seed: 7 });
    expect(evaluation.heldOut).toBeGreaterThan(1000);
    expect(evaluation.refused).toEqual([]);
    expect(evaluation.refusedByNaive).toEqual([]);
    expect(evaluation.findings).toEqual([]);
    expect(evaluation.openPairs).toBeLessThanOrEqual(evaluation.seenPairs * 1.1);
    expect(evaluation.openBefore).toBeGreaterThan(evaluation.openPairs * 10);
  });
});
