import { FAULTS } from '../harm/faults.ts';
import { FOREIGN, liftAll } from '../harm/foreign.ts';
import type { Harm } from '../harm/harm.ts';
import { TAMPERING } from '../harm/tampering.ts';
import { packetText } from '../fuzz/fuzz-packet.ts';
import { createRandom, type Random } from '../random.ts';
import type { Stage } from '../stage/stage.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Change } from '../world/change.ts';
import { chooseChanges } from '../world/choose-changes.ts';
import { deletePod } from '../world/pod-changes.ts';
import { deletePolicy } from '../world/policy-changes.ts';
import { type ChaosState, stateText } from '../world/state.ts';
import { findAddedTwice } from './added-twice.ts';
import { choosePulses } from './flows.ts';
import { watchHealth } from './health-watch.ts';
import { takeStep } from './step.ts';
import { count, type Finding, type Tally } from './tally.ts';
import { messageOf } from '../../src/model/message-of.ts';

export interface SeedSettings {
  readonly seed: number;
  readonly steps: number;
  /** The number of continuous flows, and their interval. */
  readonly flows: number;
  readonly intervalUs: number;
  /** How many of the steps, 0 to 1, have what others own come or go. */
  readonly foreign: number;
  /** No step begins after it, ms of performance.now(). */
  readonly endsAt?: number;
}

/** The share of steps with a harm. */
const HARM_SHARE = 0.15;
const TAMPERING_SHARE = 0.35;
/** The pulses are read once in this many steps. */
const READ_EVERY = 10;
/** Longer than it takes until the outcome of a packet is read. */
const REMEMBERED_STEPS = 100;
/** After this time the outcome of every pulse's last packet is known. */
const LAST_PACKETS_MS = 1_200;

const byWeight = (harms: readonly Harm[], random: Random): Harm => {
  let left = random.next() * harms.reduce((sum, { weight }) => sum + weight, 0);
  for (const harm of harms) {
    left -= harm.weight;
    if (left < 0) return harm;
  }
  return random.pick(harms);
};

const chooseHarm = (random: Random, foreign: number, backend: Stage['backend']): Harm | undefined => {
  if (foreign > 0 && random.chance(foreign)) {
    return byWeight(FOREIGN.filter(({ only }) => only === undefined || only === backend), random);
  }
  if (!random.chance(HARM_SHARE)) return undefined;
  return byWeight(random.chance(TAMPERING_SHARE) ? TAMPERING : FAULTS, random);
};

const emptying = (stage: Stage): readonly Change[] => {
  const { pods, policies } = stage.cluster.state();
  return [...[...policies.values()].map(deletePolicy), ...[...pods.values()].map(deletePod)];
};

/** Runs the steps of one seed, starting without pods and policies. Adds all findings to the tally. */
export const runSeed = async (stage: Stage, settings: SeedSettings, tally: Tally): Promise<void> => {
  const { seed, steps } = settings;
  const random = createRandom(seed);
  const pulses = choosePulses(settings.flows, random);
  const history = new Map<number, { readonly doing: string; readonly before: ChaosState; readonly after: ChaosState }>();
  const find = (finding: Omit<Finding, 'seed' | 'doing' | 'states'>): void => {
    const { doing = '', before, after } = history.get(finding.step) ?? {};
    const telling = finding.kind !== 'wrong refusal' && before !== undefined && after !== undefined;
    tally.findings.push({
      ...finding,
      seed,
      doing,
      ...(telling && { states: [stateText(before), stateText(after)] }),
    });
  };

  const readPulses = async (): Promise<void> => {
    const report = await stage.prober.pulses();
    tally.pulsePackets += report.sent;
    tally.pulseDenied += report.denied;
    tally.pulseAllowed += report.allowed;
    for (const { pulse, leak, packets, step, firstNs, lastNs } of report.odd) {
      const flow = pulses[pulse];
      const what = `${flow === undefined ? '' : packetText(flow)}: ${packets} packets`;
      const ms = (lastNs - firstNs + settings.intervalUs * 1000) / 1e6;
      find({ kind: leak ? 'leak' : 'wrong refusal', step, what, ms });
    }
  };

  await takeStep(stage, [], { number: 0, changes: emptying(stage), harm: undefined }, random);
  await stage.prober.pulse(pulses, settings.intervalUs);
  const health = watchHealth(stage.posts);
  try {
    for (let number = 1; number <= steps && performance.now() < (settings.endsAt ?? Infinity); number += 1) {
      const changes = chooseChanges(stage.cluster.state(), random, number);
      const harm = chooseHarm(random, settings.foreign, stage.backend);
      const names = [...changes.map(({ name }) => name), ...(harm === undefined ? [] : [harm.name])];
      const before = stage.cluster.state();
      const startedAt = performance.now();
      const { changed, mendedMs, sampled } = await takeStep(stage, pulses, { number, changes, harm }, random).catch(
        (cause: unknown) => {
          const what = messageOf(cause);
          throw new Error(`step ${number} (${names.join(', ')}): ${what}`, { cause });
        },
      );
      history.set(number, { doing: names.join(', '), before, after: stage.cluster.state() });
      history.delete(number - REMEMBERED_STEPS);
      tally.stepMs.push(performance.now() - startedAt);
      tally.steps += 1;
      for (const name of changed) count(tally.changes, name);
      if (harm !== undefined) count(tally.harms, harm.name);
      if (harm !== undefined && mendedMs !== undefined) {
        tally.mended.set(harm.name, [...(tally.mended.get(harm.name) ?? []), mendedMs]);
      }
      tally.sampled += sampled.length;
      for (const { packet, allowed, arrived } of sampled) {
        if (!allowed) tally.sampledDenied += 1;
        if (allowed === arrived) continue;
        const verdict = `expected ${allowed ? 'allow' : 'deny'}, the kernel ${arrived ? 'let it through' : 'dropped it'}`;
        find({ kind: 'wrong verdict', step: number, what: `${packetText(packet)}: ${verdict}` });
      }
      for (const what of health.findings()) find({ kind: 'wrong health', step: number, what });
      if (harm !== undefined) {
        tally.tableLooks += 1;
        for (const what of await findAddedTwice(stage)) find({ kind: 'added twice', step: number, what });
      }
      if (number % READ_EVERY === 0) await readPulses();
    }
    await delay(LAST_PACKETS_MS);
    await readPulses();
  } finally {
    await health.stop();
    tally.healthLooks += health.looks();
    tally.healthTold += health.told();
    await stage.prober.still();
    await liftAll(stage);
  }
  tally.seeds += 1;
};
