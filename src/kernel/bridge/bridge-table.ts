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

/** Our table of the bridge family, in the network namespace that the runner works in. */
export interface BridgeTable {
  /** Carries out text for nft in one transaction. @throws CommandError where nft is missing or the kernel refuses */
  write(text: string): Promise<void>;
  /** What the kernel holds of it; undefined where there is none. @throws CommandError where nft is missing */
  read(): Promise<ObservedBridge | undefined>;
  /** Packets dropped since the table was made. @throws CommandError where it is not there */
  counts(): Promise<ReadonlyMap<DropReason, number>>;
  /** Who answered for wanted addresses of late. @throws CommandError where the table is not there */
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

/** Removes the table. @returns whether there was one; false as well where nft or the family is missing */
export const removeBridgeTable = async (runner: CommandRunner): Promise<boolean> => {
  const table = createBridgeTable(runner);
  if ((await table.read().catch(() => undefined)) === undefined) return false;
  await table.write(removalText());
  return true;
};
