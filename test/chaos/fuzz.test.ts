import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type KernelStage, openKernelStage } from '../../chaos/fuzz/kernel-stage.ts';
import { runFuzz } from '../../chaos/fuzz/run-fuzz.ts';

/** FC_SEED selects other clusters; `npm run fuzz` tries many more. */
const SEED = Number(process.env['FC_SEED'] ?? 20_261);
const CLUSTERS = 300;

const stages: KernelStage[] = [];

beforeAll(async () => {
  for (const backend of ['nft', 'legacy'] as const) stages.push(await openKernelStage(backend));
});

afterAll(async () => {
  for (const stage of stages) await stage.close();
});

test('the naive reading, the evaluator, the rendered rules and the kernel agree on generated packets', async () => {
  const counts = await runFuzz({
    clusters: CLUSTERS,
    packets: CLUSTERS * 100,
    seed: SEED,
    kernelShare: 0.04,
    walks: 5,
    stages,
    progress: () => undefined,
  });
  expect(counts).toMatchObject({
    clusters: CLUSTERS,
    packets: CLUSTERS * 100,
    kernelClusters: 12,
    kernelPackets: 1200,
  });
  // Neither all nor none of the packets pass: policies make a difference for them.
  expect(counts.allowed / counts.packets).toBeGreaterThan(0.5);
  expect(counts.allowed / counts.packets).toBeLessThan(0.9);
  expect(counts.walkKernelStates).toBeGreaterThan(counts.walkStates);
  expect(counts.faultyPolicies).toBeGreaterThan(CLUSTERS / 10);
});
