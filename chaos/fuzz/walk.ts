import { isDeepStrictEqual } from 'node:util';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { createNodeCompiler } from '../../src/reconcile/node-compiler.ts';
import { planChanges, planDelta } from '../../src/render/plan.ts';
import { createFakeKernel } from '../../test/support/fake-kernel/fake-kernel.ts';
import { createFakeHost, type FakeHost, type FakeStep } from '../../test/support/fake-kernel/host.ts';
import { walk } from '../../test/support/tracer/tracer.ts';
import { createRandom } from '../random.ts';
import { Disagreement } from './disagreement.ts';
import { type FuzzCluster, NODES } from './fuzz-cluster.ts';
import { type FuzzPacket, packetText } from './fuzz-packet.ts';
import { packetsFor } from './generate/packets.ts';
import { snapshotOf } from './readings.ts';
import { walkedPacket } from './rendered.ts';
import { statesBetween } from './walk-states.ts';

export interface Walked {
  /** Number of cluster states. */
  readonly states: number;
  /** Number of kernel states, intermediate and final. */
  readonly kernelStates: number;
}

const PACKETS = 60;

/** The packets that the kernel lets pass after a line of a plan. */
interface Glimpse {
  readonly step: FakeStep;
  readonly passes: readonly boolean[];
}

const stepText = (step: FakeStep): string => ('line' in step ? step.line : 'text' in step ? step.text : step.kind);

const passesOf = (host: FakeHost, packets: readonly FuzzPacket[]): readonly boolean[] =>
  packets.map((packet) => walk(host, walkedPacket(packet)).verdict === 'accept');

const assertNoLeak = (
  packets: readonly FuzzPacket[],
  before: readonly boolean[],
  glimpses: readonly Glimpse[],
  after: readonly boolean[],
): void => {
  for (const { step, passes } of glimpses) {
    const at = passes.findIndex((each, index) => each && before[index] === false && after[index] === false);
    const packet = packets[at];
    if (packet !== undefined) throw new Disagreement(`${packetText(packet)} passes in between, after:\n${stepText(step)}`);
  }
};

/**
 * Changes a node step by step from one cluster to another. Checks that every state equals a compile from scratch, and that
 * after each line of every plan nothing passes that neither end lets pass. @throws Disagreement
 */
export const walkBetween = async (from: FuzzCluster, to: FuzzCluster, seed: number): Promise<Walked> => {
  const random = createRandom(seed);
  const node = random.pick(NODES).name;
  const packets = [...packetsFor(from, PACKETS, random.below(2 ** 31)), ...packetsFor(to, PACKETS, random.below(2 ** 31))];
  const host = createFakeHost();
  const kernel = createFakeKernel(host);
  const compiler = createNodeCompiler(node, {});
  let before = passesOf(host, packets);
  let kernelStates = 0;
  const states = statesBetween(from, to, random);
  for (const { cluster, changes } of states) {
    const snapshot = snapshotOf(cluster);
    const delta = compiler.update(snapshot, changes);
    const scratch = compileProgram(compileNodePolicy(snapshot, node));
    if (!isDeepStrictEqual(compiler.program(), scratch)) {
      throw new Disagreement(`increments on ${node} lead to another program than a compile from scratch`);
    }
    const plan = changes === 'everything' ? planChanges(await kernel.observe(), scratch) : planDelta(delta, IP_FAMILIES);
    const glimpses: Glimpse[] = [];
    host.afterStep = (step) => glimpses.push({ step, passes: passesOf(host, packets) });
    await kernel.apply(plan);
    host.afterStep = () => undefined;
    const after = passesOf(host, packets);
    kernelStates += 1 + glimpses.length;
    assertNoLeak(packets, before, glimpses, after);
    const left = planChanges(await kernel.observe(), scratch);
    if (left.size > 0) throw new Disagreement(`the increments of ${node} leave undone:\n${left.prepare}${left.finish}`);
    before = after;
  }
  return { states: states.length, kernelStates };
};
