import type { IpFamily } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import type { TableName } from '../render/plan-table.ts';

/**
 * Reads our part of one family's tables, and the foreign rules that matter to it. Skips other foreign rules, and if the
 * tools cannot print them, reads our part by itself.
 */
export interface TableReader {
  /**
   * Returns lines of the table as iptables-save or `iptables -S` prints them: all our chains with their rules, the
   * rules of the built-in chains, and all rules that lead into our chains. `--unread` stands for a foreign rule that
   * cannot be printed. The legacy backend creates the table if it is missing.
   *
   * @throws UnreadTableError
   */
  read(table: TableName): Promise<string>;
  /** Reports whether a chain of ours exists; creates no table, and reads no rule with nft. @throws UnreadTableError */
  holdsOurs(table: TableName): Promise<boolean>;
}

/** The content of a table is not known, so nothing may be derived from it. */
export class UnreadTableError extends Error {
  readonly family: IpFamily;
  readonly table: TableName;

  constructor(family: IpFamily, table: TableName, reason: string, options?: ErrorOptions) {
    super(`the ${table} table of ${family} cannot be read: ${reason}`, options);
    this.name = 'UnreadTableError';
    this.family = family;
    this.table = table;
  }
}

/** Does a reader's work. @throws UnreadTableError for any failure */
export const orUnread = async <T>(family: IpFamily, table: TableName, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw new UnreadTableError(family, table, messageOf(error), { cause: error });
  }
};

/** The built-in chains that may have a jump of ours, by table. */
export const HOOKS_OF: Readonly<Record<TableName, readonly string[]>> = {
  security: ['FORWARD', 'OUTPUT'],
  filter: ['FORWARD', 'OUTPUT'],
  raw: ['PREROUTING'],
};

/** A foreign rule that cannot be printed, or a rule of unknown form that leads to us. */
export const UNREAD = '--unread';
