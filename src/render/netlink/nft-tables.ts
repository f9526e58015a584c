import { attributesOf, type NetlinkMessage, type NetlinkRequest, textOf } from './message.ts';

/** NFNL_SUBSYS_NFTABLES and NFT_MSG_GETTABLE (linux/netfilter/nf_tables.h). */
const GET_TABLE = (10 << 8) | 1;
/** NFTA_TABLE_NAME */
const NAME = 1;

/** Requests all tables of nftables, of every family. */
export const TABLES_REQUEST: NetlinkRequest = { type: GET_TABLE, answer: 'dump', family: 0, attributes: [] };

/** Returns the names of the tables. */
export const tableNames = (messages: readonly NetlinkMessage[]): readonly string[] =>
  messages.flatMap((message) => attributesOf(message).filter(({ type }) => type === NAME)).map(textOf);
