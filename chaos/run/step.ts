import type { Expectation, Injected, Pulse } from '../../test/support/lab/prober.ts';
import type { Harm, Harmed } from '../harm/harm.ts';
import type { Random } from '../random.ts';
import type { Stage } from '../stage/stage.ts';
import { pathOf } from '../world/addresses.ts';
import type { Change } from '../world/change.ts';
import { expectBetween, verdictsOf } from '../world/outcomes.ts';
import { chooseSample } from './flows.ts';

/** The parts of a step. */
export interface StepPlan {
  readonly number: number;
  readonly changes: readonly Change[];
  readonly harm: Harm | undefined;
}

export interface StepOutcome {
  /** Names of the changes. */
  readonly changed: readonly string[];
  /** Time from the tampering to its repair. */
  readonly mendedMs: number | undefined;
  readonly sampled: readonly { readonly packet: Injected; readonly allowed: boolean; readonly arrived: boolean }[];
}

const SAMPLE = 40;
const SETTLE_MS = 30_000;
const PATIENCE_MS = 2_000;

const NOTHING: Harmed = { tampered: [], heal: () => Promise.resolve() };

/** Removes expectations for packets through a node whose rules another program is changing. */
const besides = (
  expected: readonly Expectation[],
  pulses: readonly Pulse[],
  tampered: readonly string[] | 'anywhere',
): readonly Expectation[] =>
  expected.map((each, at) => {
    const pulse = pulses[at];
    if (pulse === undefined) return '?';
    return pathOf(pulse.from, pulse.to).some((node) => tampered === 'anywhere' || tampered.includes(node)) ? '?' : each;
  });

const settledVerdicts = (stage: Stage, pulses: readonly Pulse[]): readonly Expectation[] =>
  verdictsOf(stage.cluster.state(), pulses);

/** Asks the kernel. A packet that should arrive and does not is sent again, since a busy machine loses packets. */
const takeSample = async (stage: Stage, random: Random): Promise<StepOutcome['sampled']> => {
  const chosen = chooseSample(SAMPLE, random);
  const expected = verdictsOf(stage.cluster.state(), chosen);
  const packets = chosen.filter((_, at) => expected[at] !== '?');
  const verdicts = expected.filter((each) => each !== '?').map((each) => each === 'a');
  const arrived = await stage.prober.inject(packets, PATIENCE_MS);
  const lost = packets.filter((_, at) => verdicts[at] === true && arrived[at] !== true);
  const again = lost.length === 0 ? [] : await stage.prober.inject(lost, PATIENCE_MS);
  return packets.map((packet, at) => ({
    packet,
    allowed: verdicts[at] === true,
    arrived: arrived[at] === true || again[lost.indexOf(packet)] === true,
  }));
};

/** Changes the cluster during a harm, waits until the agents report that everything is in force, and compares. */
export const takeStep = async (
  stage: Stage,
  pulses: readonly Pulse[],
  { number, changes, harm }: StepPlan,
  random: Random,
): Promise<StepOutcome> => {
  const { prober, cluster, posts } = stage;
  const between = expectBetween(cluster.state(), changes, pulses);
  const tampering = harm?.kind === 'tampering';
  await prober.expect(number, besides(between, pulses, tampering ? 'anywhere' : []));
  const struckAt = Date.now();
  const harmed = (await harm?.strike(stage, random)) ?? NOTHING;
  if (tampering) await prober.expect(number, besides(between, pulses, harmed.tampered));
  const changed = await cluster.write(changes);
  if (!tampering) await harmed.heal();
  await Promise.all(
    posts.map(({ agent }) =>
      agent.untilApplied(cluster.written(), harmed.tampered.includes(agent.node), SETTLE_MS),
    ),
  );
  const mendedMs = tampering ? Date.now() - struckAt : undefined;
  if (tampering) await harmed.heal();
  await prober.expect(number, settledVerdicts(stage, pulses));
  return { changed, mendedMs, sampled: await takeSample(stage, random) };
};
