import { TABLE, type DropReason } from '../../bridge/bridge-program.ts';
import {
  type Claim,
  type ObservedBridge,
  parseBridgeTable,
  parseClaims,
  parseDropCounts,
} from '../../bridge/parse-table.ts';
import { CLAIM_SETS, removalText } from '../../bridge/table-text.ts';
import type { CommandRunner } from '../command.ts';

/** Our bridge table, in the network namespace that the runner works in. */
export interface BridgeTable {
  /** Applies text for nft in one transaction. @throws CommandError if nft is missing or the kernel refuses */
  write(text: string): Promise<void>;
  /** Reads the table; undefined if there is none. @throws CommandError if nft is missing */
  read(): Promise<ObservedBridge | undefined>;
  /** Returns the packets dropped since the table was made. @throws CommandError if it is missing */
  counts(): Promise<ReadonlyMap<DropReason, number>>;
  /** Returns the recent answers for wanted addresses. @throws CommandError if the table is missing */
  claims(): Promise<readonly Claim[]>;
}

const OURS = ['bridge', TABLE];

export const createBridgeTable = (runner: CommandRunner): BridgeTable => ({
  async write(text) {
    await runner.run('nft', ['-f', '-'], { input: text });
  },
  async read() {
    const tables = await runner.run('nft', ['list', 'tables', 'bridge']);
    if (!tables.split('\n').includes(`table ${OURS.join(' ')}`)) return undefined;
    return parseBridgeTable(await runner.run('nft', ['-j', 'list', 'table', ...OURS]));
  },
  async counts() {
    return parseDropCounts(await runner.run('nft', ['-j', 'list', 'counters', 'table', ...OURS]));
  },
  async claims() {
    const lists = await Promise.all(CLAIM_SETS.map((name) => runner.run('nft', ['-j', 'list', 'set', ...OURS, name])));
    return lists.flatMap(parseClaims);
  },
});

/** Removes the table. @returns whether there was one; false as well if nft or the family is missing */
export const removeBridgeTable = async (runner: CommandRunner): Promise<boolean> => {
  const table = createBridgeTable(runner);
  if ((await table.read().catch(() => undefined)) === undefined) return false;
  await table.write(removalText());
  return true;
};
