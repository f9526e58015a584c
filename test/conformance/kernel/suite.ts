import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LabSettings } from '../../../src/lab/settings.ts';
import { IP_FAMILIES } from '../../../src/model/family.ts';
import { CORPORA, type Corpus, corpusRoot, loadCases, type NetpolCase } from '../../support/corpus.ts';
import { recordCorpus } from '../../support/record-corpus.ts';
import { describeMismatch, mismatchesOf } from './cells.ts';
import { secondPlan, untilApplied } from './convergence.ts';
import { openStage, type Stage } from './stage.ts';

const START_MS = 300_000;
const CASE_MS = 240_000;

export interface SuiteSettings extends Pick<LabSettings, 'attach' | 'backend'> {
  /** Selects cases; `at` counts over all corpora, of `of` cases. */
  readonly takes: (at: number, of: number) => boolean;
}

interface CorpusCase {
  readonly corpus: Corpus;
  readonly found: NetpolCase;
}

const verify = async ({ world, prober, agents }: Stage, { initial, steps }: NetpolCase): Promise<void> => {
  await world.moveTo(initial);
  for (const step of steps) {
    const written = await world.moveTo(step.state);
    await Promise.all(agents.map((agent) => untilApplied(agent, written)));
    const mismatches = await mismatchesOf(prober, step);
    expect(mismatches.map(describeMismatch)).toEqual([]);
    const differences = await Promise.all(agents.map(secondPlan));
    expect(differences).toEqual(agents.map(() => 0));
  }
};

const chosenCases = (root: string, { takes }: SuiteSettings): readonly CorpusCase[] => {
  const all = CORPORA.flatMap((corpus) => loadCases(root, corpus).map((found) => ({ corpus, found })));
  return all.filter((_, at) => takes(at, all.length));
};

/**
 * Verifies cases of the corpus on the real kernel, one test each: a real API server has the objects, a real agent on
 * each of two nodes enforces them, and every cell of every table is probed between network namespaces.
 */
export const describeKernelConformance = (name: string, settings: SuiteSettings): void => {
  describe(name, () => {
    const root = corpusRoot();
    if (root === undefined) {
      test('left out: the corpus is not on this machine', () => {
        for (const corpus of CORPORA) recordCorpus(corpus, name, 'left out');
        expect(root).toBeUndefined();
      });
      return;
    }
    const cases = chosenCases(root, settings);
    const passed = new Map<Corpus, number>();
    let stage: Stage | undefined;

    beforeAll(async () => {
      const { attach, backend } = settings;
      stage = await openStage(
        { attach, backend, families: IP_FAMILIES },
        cases.map(({ found }) => found),
      );
    }, START_MS);

    test.each(cases.map((entry) => ({ title: `${entry.found.id} ${entry.found.name}`, ...entry })))(
      '$title',
      async ({ corpus, found }) => {
        if (stage === undefined) throw new Error('there is no stage');
        await verify(stage, found);
        passed.set(corpus, (passed.get(corpus) ?? 0) + 1);
      },
      CASE_MS,
    );

    test('clean-up leaves the firewall as it was', async () => {
      const closing = stage?.close();
      stage = undefined;
      const firewalls = await closing;
      expect(firewalls?.before.join()).toContain('OTHERS');
      expect(firewalls?.after).toEqual(firewalls?.before);
    });

    afterAll(async () => {
      await stage?.close();
      for (const corpus of CORPORA) {
        const of = cases.filter((entry) => entry.corpus === corpus).length;
        recordCorpus(corpus, name, { passed: passed.get(corpus) ?? 0, of });
      }
    });
  });
};
