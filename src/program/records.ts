import { type ChainName, HELD_CHAIN, NO_ADDRESS_CHAIN, UNKNOWN_CHAIN } from './names.ts';
import type { Chain, Match, Rule, Verdict } from './node-program.ts';

/** Refused packets are reported to the agent, which keeps a record of each edge. */
export interface Recorded {
  readonly group: number;
}

/** The NFLOG groups of these reports: the first one that no other program holds. Those below are the agent's too (answers.ts). */
export const RECORD_GROUPS = [20_549, 20_550, 20_551, 20_552] as const;

/** Of one edge, a source, a destination and its port, one packet a second. */
const OF_EDGE: Match = { kind: 'rate', name: 'portcullis-edge', perSecond: 1, burst: 1, byEdge: true };

/**
 * Packets a second that the table of edges sees. The kernel keeps an edge there for up to 2 s, so no more edges are in it
 * than it has room for: a packet for which there is no room would be dropped without being counted.
 */
const FLOOD: Match = { kind: 'rate', name: 'portcullis-flood', perSecond: 20_000, burst: 20_000 };

/** Records a second: they cost the agent up to a twentieth of a processor. What is beyond is counted by the rules alone. */
const RECORDS: Match = { kind: 'rate', name: 'portcullis-records', perSecond: 1000, burst: 2000 };

/** Returns the rules before a drop: they report packets that meet the conditions, with the chain as prefix. */
export const recordRules = (
  recorded: Recorded | undefined,
  chain: ChainName,
  matches: readonly Match[] = [],
): readonly Rule[] =>
  recorded === undefined
    ? []
    : [
        {
          matches: [...matches, FLOOD, OF_EDGE, RECORDS],
          verdict: { kind: 'log', group: recorded.group, prefix: chain },
        },
      ];

/** Reasons to refuse that are no policy's, by the chain of each. */
const REFUSING = [
  [UNKNOWN_CHAIN, 'no known pod has this address'],
  [HELD_CHAIN, 'a connection that was cut may not open again by itself'],
  [NO_ADDRESS_CHAIN, 'an isolated pod without an address of this family'],
] as const;

/** Returns the verdict on packets that are refused for such a reason: drop, by way of the chain that records it. */
export const refuse = (recorded: Recorded | undefined, chain: ChainName): Verdict =>
  recorded === undefined ? { kind: 'drop' } : { kind: 'goto', chain };

/** Returns those of the chains that `refuse` leads to. */
export const refusingChains = (recorded: Recorded | undefined, names: readonly ChainName[]): readonly Chain[] =>
  recorded === undefined
    ? []
    : REFUSING.filter(([name]) => names.includes(name)).map(([name, text]) => ({
        name,
        rules: [...recordRules(recorded, name), { matches: [{ kind: 'comment', text }], verdict: { kind: 'drop' } }],
      }));

/** Denied packets are reported to an NFLOG group, up to a limit per second for each chain. */
export interface DeniedLog {
  readonly group: number;
}

/** The receiver of reports about denied packets. */
export interface Reports {
  /** Absent: no other program is. */
  readonly log?: DeniedLog | undefined;
  /** Absent: the agent keeps no records. */
  readonly recorded?: Recorded | undefined;
}

const LOGGED_PER_SECOND = 10;
const LOG_BURST = 20;

/** Returns the rules before a drop: they report the packet, with the chain as prefix, if this is configured. */
export const reportRules = ({ log, recorded }: Reports, chain: ChainName): readonly Rule[] => [
  ...recordRules(recorded, chain),
  ...(log === undefined
    ? []
    : [
        {
          matches: [{ kind: 'limit', perSecond: LOGGED_PER_SECOND, burst: LOG_BURST }],
          verdict: { kind: 'log', group: log.group, prefix: chain },
        } satisfies Rule,
      ]),
];
