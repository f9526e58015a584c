import type { FamilyProgram, NodeProgram } from '../../src/program/node-program.ts';

const NOTHING: FamilyProgram = { chains: new Map(), sets: new Map(), hooks: [] };

/** The rule set of a node without anything of ours: the goal of a cleanup. */
export const EMPTY_PROGRAM: NodeProgram = { ipv4: NOTHING, ipv6: NOTHING };
