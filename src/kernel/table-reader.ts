import type { IpFamily } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import type { TableName } from '../render/plan-table.ts';

/**
 * Reads what is ours of one family's tables, and what of others stands in its way: where they are read at all, their rules are
 * passed over, and where the tools cannot print them ours are read by themselves.
 */
export interface TableReader {
  /**
   * Of the table, lines as iptables-save or `iptables -S` prints them: all our chains with their rules, the rules of the built-in
   * chains, and whatever leads into our chains. `--unread` stands for a rule of somebody else that cannot be printed. The
   * legacy backend makes the table, where it is not there.
   *
   * @throws UnreadTableError
   */
  read(table: TableName): Promise<string>;
  /** Whether a chain of ours is there; makes no table, and reads no rule of nft's. @throws UnreadTableError */
  holdsOurs(table: TableName): Promise<boolean>;
}

/** What is in a table is not known: nothing may be made of it. */
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

/** Does a reader's work. @throws UnreadTableError for whatever went wrong */
export const orUnread = async <T>(family: IpFamily, table: TableName, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw new UnreadTableError(family, table, messageOf(error), { cause: error });
  }
};

/** The built-in chains that may hold a jump of ours, by table. */
export const HOOKS_OF: Readonly<Record<TableName, readonly string[]>> = {
  security: ['FORWARD', 'OUTPUT'],
  filter: ['FORWARD', 'OUTPUT'],
  raw: ['PREROUTING'],
};

/** A rule of somebody else that cannot be printed, and one that leads to us where it could not be read how. */
export const UNREAD = '--unread';
