import type { IpFamily } from '../model/family.ts';
import type { RawHook } from '../program/node-program.ts';
import type { Observed, ObservedTable } from './observed.ts';

const EMPTY_TABLE: ObservedTable = { chains: new Map(), hooks: { FORWARD: [], OUTPUT: [] }, heldByOthers: new Set() };

/** A raw table without anything of ours. */
export const EMPTY_RAW_TABLE: ObservedTable<RawHook> = {
  chains: new Map(),
  hooks: { PREROUTING: [] },
  heldByOthers: new Set(),
};

/** A node with the given families and without anything of ours. */
export const nothingObserved = (families: readonly IpFamily[]): Observed => ({
  tables: Object.fromEntries(families.map((family) => [family, EMPTY_TABLE])),
  sets: new Map(),
});
