import { familyOf } from '../../lab/addresses.ts';
import { type IpFamily } from '../../model/family.ts';
import { compileNodePolicy } from '../../policy/compile.ts';
import type { PolicyFault } from '../../policy/fault.ts';
import { createEvaluator } from '../../trace/evaluator.ts';
import { explain } from '../../trace/explain.ts';
import { type Machine, machinesOf } from './machine.ts';
import type { Reading } from './reading.ts';
import type { MachinePort, World } from './world.ts';

export type Judgement = Pick<Reading, 'expected' | 'reasons'>;

/** The verdicts of a world's policies. */
export interface Judge {
  judge(from: string, to: string, port: MachinePort): Judgement;
  readonly faults: readonly PolicyFault[];
}

/** @returns verdicts by address */
export const createJudge = ({ snapshot }: World): Judge => {
  const policy = compileNodePolicy(snapshot, undefined);
  const evaluator = createEvaluator(policy, snapshot.pods.values());
  return {
    judge(source, destination, { protocol, port }) {
      const trace = evaluator.trace({ source, destination, protocol, port });
      return { expected: trace.verdict, reasons: explain(trace) };
    },
    faults: policy.faults,
  };
};

/** A connection that can be tried: one address of each end. */
export interface Connection {
  readonly source: Machine;
  readonly target: Machine;
  readonly family: IpFamily;
  readonly sourceIp: string;
  readonly targetIp: string;
  readonly port: MachinePort;
}

const connectionsTo = (source: Machine, target: Machine): readonly Connection[] =>
  target.ips.flatMap((targetIp) => {
    const family = familyOf(targetIp);
    const sourceIp = source.ips.find((ip) => familyOf(ip) === family);
    if (sourceIp === undefined) return [];
    return target.ports.map((port) => ({ source, target, family, sourceIp, targetIp, port }));
  });

/** Returns the connections from every machine to every port of every other one, over each family that both have. */
export const connectionsOf = (world: World): readonly Connection[] => {
  const machines = machinesOf(world);
  return machines.flatMap((source) =>
    machines.filter((target) => target !== source).flatMap((target) => connectionsTo(source, target)),
  );
};

/** Returns the expected result of a connection before it is measured. */
export const expectReading = (judge: Judge, connection: Connection): Reading => {
  const { source, target, family, sourceIp, targetIp, port } = connection;
  return {
    from: source.name,
    to: target.name,
    ...port,
    family,
    measured: port.protocol === 'SCTP' ? 'not probed' : 'unsettled',
    ...judge.judge(sourceIp, targetIp, port),
  };
};
