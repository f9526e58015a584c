import type { ClusterChanges } from '../model/cluster-change.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { createPolicyCompiler, type PolicyCompiler } from '../policy/incremental/policy-compiler.ts';
import {
  createProgramCompiler,
  type ProgramCompiler,
  type ProgramDelta,
  type ProgramOptions,
} from '../program/incremental/program-compiler.ts';

/** Keeps what the kernel of one node has to hold up to date with the cluster. */
export interface NodeCompiler extends Omit<PolicyCompiler, 'update'>, Omit<ProgramCompiler, 'update'> {
  /** @throws with nothing of the compiler to be used any more */
  update(snapshot: ClusterSnapshot, changes: ClusterChanges): ProgramDelta;
}

export const createNodeCompiler = (node: string, options: ProgramOptions): NodeCompiler => {
  const policyCompiler = createPolicyCompiler(node);
  const { gate, guard, ...others } = options;
  const isKnown = (address: string): boolean => policyCompiler.podsAt(address).some((pod) => pod.node === node);
  const programCompiler = createProgramCompiler({
    ...others,
    gate: gate && { ...gate, isKnown },
    guard: guard && { ...guard, isOfPod: isKnown },
  });
  return {
    policy: policyCompiler.policy,
    faults() {
      const faults = programCompiler.faults();
      return faults.length === 0 ? policyCompiler.faults() : [...policyCompiler.faults(), ...faults];
    },
    isolatedPods: policyCompiler.isolatedPods,
    closedPods: policyCompiler.closedPods,
    podsAt: policyCompiler.podsAt,
    isolationsAt: policyCompiler.isolationsAt,
    program: programCompiler.program,
    close: programCompiler.close,
    open: programCompiler.open,
    update: (snapshot, changes) => programCompiler.update(policyCompiler.update(snapshot, changes)),
  };
};
