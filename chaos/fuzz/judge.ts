import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { arrives } from '../../test/support/naive/evaluate.ts';
import { Disagreement } from './disagreement.ts';
import type { FuzzCluster } from './fuzz-cluster.ts';
import { type FuzzPacket, packetText } from './fuzz-packet.ts';
import { snapshotOf, worldOf } from './readings.ts';
import { programsOf, renderedHosts, rulesAllow } from './rendered.ts';
import type { KernelStage } from './kernel-stage.ts';

/** How the evaluations of one cluster compared. */
export interface Judged {
  readonly packets: number;
  readonly allowed: number;
  /** The number of packets that the real kernel judged as well. */
  readonly byKernel: number;
}

const say = (allowed: boolean): string => (allowed ? 'allow' : 'deny');

const assertFaults = (cluster: FuzzCluster, found: ReadonlySet<string>): void => {
  for (const { object, faulty } of cluster.policies) {
    const { namespace, name } = object.metadata;
    const key = `${namespace}/${name}`;
    if (faulty !== found.has(key)) {
      throw new Disagreement(`policy ${key} ${faulty ? 'is faulty and was read' : 'is sound and was refused'}`);
    }
  }
};

/**
 * Judges every packet by the naive evaluator, the product's evaluator and the rendered rules, and by the kernel if there is
 * one. @throws Disagreement
 */
export const judgeCluster = async (
  cluster: FuzzCluster,
  packets: readonly FuzzPacket[],
  kernel?: KernelStage,
): Promise<Judged> => {
  const world = worldOf(cluster);
  const snapshot = snapshotOf(cluster);
  const policy = compileNodePolicy(snapshot, undefined);
  assertFaults(cluster, new Set(policy.faults.map((fault) => fault.policy)));
  const evaluator = createEvaluator(policy, snapshot.pods.values());
  const programs = programsOf(snapshot);
  const hosts = await renderedHosts(programs);
  const expected = packets.map((packet) => {
    const naive = arrives(world, packet);
    const { from: source, to: destination, protocol, port } = packet;
    const traced = evaluator.trace({ source, destination, protocol, port }).verdict === 'allow';
    const rendered = rulesAllow(hosts, cluster, packet);
    if (naive !== traced || naive !== rendered) {
      const verdicts = `naive ${say(naive)}, evaluator ${say(traced)}, rules ${say(rendered)}`;
      throw new Disagreement(`${packetText(packet)}: ${verdicts}`);
    }
    return naive;
  });
  const allowed = expected.filter((each) => each).length;
  if (kernel === undefined) return { packets: packets.length, allowed, byKernel: 0 };
  const found = await kernel.judge(cluster, programs, packets, expected);
  found.forEach((passed, at) => {
    const packet = packets[at];
    if (packet === undefined || passed === expected[at]) return;
    throw new Disagreement(`${packetText(packet)}: kernel (${kernel.backend}) ${say(passed)}, all others ${say(!passed)}`);
  });
  return { packets: packets.length, allowed, byKernel: packets.length };
};
