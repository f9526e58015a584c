import { afterEach, expect, test } from '@jest/globals';
import { reportText, resultOf } from '../../chaos/run/report.ts';
import { runSeed } from '../../chaos/run/run-seed.ts';
import { createTally } from '../../chaos/run/tally.ts';
import { openStage, type Stage } from '../../chaos/stage/stage.ts';

/** CHAOS_SEED selects other steps; `npm run chaos` takes many more. */
const SEED = Number(process.env['CHAOS_SEED'] ?? 7);
const STEPS = 60;
/** The faults include API servers that restart, on a machine that may be busy. */
const DEADLINE_MS = 300_000;

let stage: Stage | undefined;

afterEach(async () => {
  await stage?.close();
});

test(
  'changes, faults, tampering and what others have leak nothing, and leave the kernel as the API says',
  async () => {
    stage = await openStage('nft');
    const tally = createTally();
    await runSeed(stage, { seed: SEED, steps: STEPS, flows: 20, intervalUs: 2_000, foreign: 0.2 }, tally);
    const { findings, pulseDenied, pulseAllowed, sampledDenied } = tally;
    const bad = findings.filter(({ kind }) => kind !== 'wrong refusal');
    expect({ bad, report: reportText(tally) }).toEqual({ bad: [], report: expect.any(String) });
    expect(resultOf(tally)).toMatchObject({ steps: STEPS, leaks: 0, wrongVerdicts: 0 });
    expect(Math.min(pulseDenied, pulseAllowed, sampledDenied)).toBeGreaterThan(100);
  },
  DEADLINE_MS,
);
