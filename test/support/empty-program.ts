import type { FamilyProgram, NodeProgram } from '../../src/program/node-program.ts';

const NOTHING: FamilyProgram = { chains: new Map(), sets: new Map(), hooks: [] };

/** What a node holds that we never worked on: the aim of a cleanup. */
export const EMPTY_PROGRAM: NodeProgram = { ipv4: NOTHING, ipv6: NOTHING };
