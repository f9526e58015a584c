import type { IpFamily } from '../../model/family.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import type { DeniedLog } from '../isolation-chain.ts';
import type { NodeProgram } from '../node-program.ts';
import { createFamilyCompiler, type FamilyDelta } from './family-compiler.ts';

export interface ProgramOptions {
  /** Where to report denied packets; undefined reports none. */
  readonly log?: DeniedLog | undefined;
}

/** What an update did to the program of the node. */
export type ProgramDelta = Readonly<Record<IpFamily, FamilyDelta>>;

/** Turns what policies ask of a node into what its kernel has to hold, and keeps it up to date. */
export interface ProgramCompiler {
  update(delta: PolicyDelta): ProgramDelta;
  /** As of the last update; its maps are live, and another program after each update. */
  program(): NodeProgram;
}

export const createProgramCompiler = ({ log }: ProgramOptions): ProgramCompiler => {
  const families = { ipv4: createFamilyCompiler('ipv4', log), ipv6: createFamilyCompiler('ipv6', log) };
  return {
    update: (delta) => ({ ipv4: families.ipv4.update(delta), ipv6: families.ipv6.update(delta) }),
    program: () => ({ ipv4: families.ipv4.program(), ipv6: families.ipv6.program() }),
  };
};
