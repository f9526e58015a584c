import type { ChainName } from './names.ts';
import type { Rule } from './node-program.ts';
import { type Recorded, recordRules } from './records.ts';

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
