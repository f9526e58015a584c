import { isolationKey } from '../policy/incremental/groups.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { createProgramCompiler, type ProgramOptions } from './incremental/program-compiler.ts';
import type { NodeProgram } from './node-program.ts';

/** Compiles a node's policy to its rule set. */
export const compileProgram = (
  policy: NodePolicy,
  options: Omit<ProgramOptions, 'gate' | 'guard'> = {},
): NodeProgram => {
  const compiler = createProgramCompiler(options);
  const isolations = new Map(policy.isolations.map((isolation) => [isolationKey(isolation), isolation]));
  compiler.update({ isolations, members: new Map(), addresses: new Set() });
  return compiler.program();
};
