import type { IpFamily } from '../../model/family.ts';
import {
  attribute,
  attributesOf,
  type NetlinkAttribute,
  type NetlinkMessage,
  type NetlinkRequest,
  nestedIn,
  numberOf,
  textOf,
  zeroTerminated,
} from './message.ts';

/** Chains and rules of nftables from the kernel (linux/netfilter/nf_tables.h), whatever their expressions are. */

/** A chain. */
export interface NftChain {
  readonly table: string;
  readonly name: string;
  /** Number of rules in it, plus the rules elsewhere that lead to it. */
  readonly uses: number;
}

/** The parts of a rule that say where it leads. */
export interface NftRule {
  /** The kernel's identity of the rule, which no other rule gets. */
  readonly handle: Uint8Array;
  /** The chain that it leads to. */
  readonly target: string | undefined;
  /** Whether it jumps unconditionally and returns. */
  readonly isPlainJump: boolean;
}

/** A chain, built-in or not, of a table. */
export interface ChainPlace {
  readonly family: IpFamily;
  readonly table: string;
  readonly chain: string;
}

const SUBSYSTEM = 10;
const GET_CHAIN = (SUBSYSTEM << 8) | 4;
const GET_RULE = (SUBSYSTEM << 8) | 7;
const DELETE_RULE = (SUBSYSTEM << 8) | 8;
const FAMILY: Readonly<Record<IpFamily, number>> = { ipv4: 2, ipv6: 10 };

const CHAIN = { table: 1, name: 3, use: 6 };
const RULE = { table: 1, chain: 2, handle: 3, expressions: 4 };
const EXPRESSION = { name: 1, data: 2 };
/** NFTA_IMMEDIATE_DATA, the nested NFTA_DATA_VERDICT, and its code and chain. */
const IMMEDIATE_DATA = 2;
const DATA_VERDICT = 2;
const VERDICT = { code: 1, chain: 2 };
/** NFT_JUMP as the kernel writes it: -3. */
const JUMP = 0xff_ff_ff_fd;

const find = (attributes: readonly NetlinkAttribute[], type: number): NetlinkAttribute | undefined =>
  attributes.find((each) => each.type === type);

const textIn = (attributes: readonly NetlinkAttribute[], type: number): string => {
  const found = find(attributes, type);
  return found === undefined ? '' : textOf(found);
};

/** Requests all chains of the family, of every table. */
export const chainsRequest = (family: IpFamily): NetlinkRequest => ({
  type: GET_CHAIN,
  answer: 'dump',
  family: FAMILY[family],
  attributes: [],
});

export const chainIn = (message: NetlinkMessage): NftChain => {
  const attributes = attributesOf(message);
  const use = find(attributes, CHAIN.use);
  return {
    table: textIn(attributes, CHAIN.table),
    name: textIn(attributes, CHAIN.name),
    uses: use === undefined ? 0 : numberOf(use),
  };
};

/** Requests the rules of one chain, in order. */
export const rulesRequest = ({ family, table, chain }: ChainPlace): NetlinkRequest => ({
  type: GET_RULE,
  answer: 'dump',
  family: FAMILY[family],
  attributes: [attribute(RULE.table, zeroTerminated(table)), attribute(RULE.chain, zeroTerminated(chain))],
});

interface Expression {
  readonly name: string;
  readonly verdict: { readonly code: number; readonly chain: string } | undefined;
}

const verdictIn = (data: NetlinkAttribute | undefined): Expression['verdict'] => {
  const value = data && find(nestedIn(data), IMMEDIATE_DATA);
  const verdict = value && find(nestedIn(value), DATA_VERDICT);
  if (verdict === undefined) return undefined;
  const attributes = nestedIn(verdict);
  const code = find(attributes, VERDICT.code);
  return { code: code === undefined ? 0 : numberOf(code), chain: textIn(attributes, VERDICT.chain) };
};

const expressionIn = (element: NetlinkAttribute): Expression => {
  const attributes = nestedIn(element);
  const name = textIn(attributes, EXPRESSION.name);
  return { name, verdict: name === 'immediate' ? verdictIn(find(attributes, EXPRESSION.data)) : undefined };
};

export const ruleIn = (message: NetlinkMessage): NftRule => {
  const attributes = attributesOf(message);
  const { value } = find(attributes, RULE.handle) ?? { value: new DataView(new ArrayBuffer(0)) };
  const list = find(attributes, RULE.expressions);
  const expressions = list === undefined ? [] : nestedIn(list).map(expressionIn);
  const verdict = expressions.map((each) => each.verdict).find((each) => each !== undefined && each.chain !== '');
  const isBare = expressions.every((each) => each.name === 'counter' || each.verdict === verdict);
  return {
    handle: new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)),
    target: verdict?.chain,
    isPlainJump: isBare && verdict?.code === JUMP,
  };
};

export const deleteRuleRequest = ({ family, table, chain }: ChainPlace, handle: Uint8Array): NetlinkRequest => ({
  type: DELETE_RULE,
  answer: 'ack',
  family: FAMILY[family],
  attributes: [
    attribute(RULE.table, zeroTerminated(table)),
    attribute(RULE.chain, zeroTerminated(chain)),
    attribute(RULE.handle, handle),
  ],
  transactionOf: SUBSYSTEM,
});
