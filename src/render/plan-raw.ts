import type { RawChange } from '../program/incremental/family-compiler.ts';
import type { RawHook, TableProgram } from '../program/node-program.ts';
import { EMPTY_RAW_TABLE } from './nothing-observed.ts';
import type { ObservedTable } from './observed.ts';
import { compareTable, tableText } from './plan-table.ts';
import { chainRules, hookRule } from './rule-lines.ts';

const NOTHING: TableProgram<RawHook> = { chains: new Map(), hooks: [] };

/** Returns restore text that changes the raw table from its read state to the wanted one, or ''. */
export const compareRaw = (
  seen: ObservedTable<RawHook> | undefined,
  wanted: TableProgram<RawHook> | undefined,
): string => tableText(compareTable(seen ?? EMPTY_RAW_TABLE, wanted ?? NOTHING), 'raw');

/** Returns the table's read state if no other program has changed it. */
const undisturbed = ({ chains, hooks }: TableProgram<RawHook>): ObservedTable<RawHook> => ({
  chains: new Map([...chains].map(([name, chain]) => [name, chainRules(chain)])),
  hooks: { PREROUTING: hooks.map(hookRule) },
  heldByOthers: new Set(),
});

/** Returns restore text that changes the raw table from one rule set to the next, or ''. */
export const changeRaw = (change: RawChange | undefined): string =>
  change === undefined ? '' : compareRaw(undisturbed(change.before ?? NOTHING), change.after);
