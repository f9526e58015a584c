import { compileNodePolicy } from '../../../src/policy/compile.ts';
import { createEvaluator } from '../../../src/trace/evaluator.ts';
import type { CaseProtocol, CaseState } from '../../support/corpus.ts';
import { arrives, egressAllows, ingressAllows } from '../../support/naive/evaluate.ts';
import type { NaivePacket, NaiveWorld } from '../../support/naive/world.ts';
import { snapshotOf } from './case-snapshot.ts';

export interface CasePacket extends NaivePacket {
  readonly protocol: CaseProtocol;
}

/** An implementation of NetworkPolicy that computes the three tables of a case. */
export interface Judge {
  combined(packet: CasePacket): boolean;
  ingress(packet: CasePacket): boolean;
  egress(packet: CasePacket): boolean;
}

/** The implementation in test/support/naive. */
export const naiveJudge = (state: CaseState): Judge => {
  const world: NaiveWorld = {
    namespaces: state.namespaces,
    pods: state.pods.map((pod) => ({ ...pod, ips: [pod.ip], hostIPs: [], hostNetwork: false })),
    policies: state.policies,
  };
  return {
    combined: (packet) => arrives(world, packet),
    ingress: (packet) => ingressAllows(world, packet),
    egress: (packet) => egressAllows(world, packet),
  };
};

/** The product's compiler and evaluator. */
export const productJudge = (state: CaseState): Judge => {
  const snapshot = snapshotOf(state);
  const evaluator = createEvaluator(compileNodePolicy(snapshot, undefined), snapshot.pods.values());
  const trace = ({ from, to, protocol, port }: CasePacket) =>
    evaluator.trace({ source: from, destination: to, protocol, port });
  return {
    combined(packet) {
      const allowed = trace(packet).verdict === 'allow';
      const ranges = evaluator.reach(packet.from, packet.to).ports[packet.protocol];
      if (ranges.some(({ from, to }) => packet.port >= from && packet.port <= to) !== allowed) {
        throw new Error(`reach and trace disagree on ${JSON.stringify(packet)}`);
      }
      return allowed;
    },
    ingress: (packet) => trace(packet).ingress.kind !== 'denied',
    egress: (packet) => trace(packet).egress.kind !== 'denied',
  };
};
