import type { ChainName } from './names.ts';
import type { Rule } from './node-program.ts';

/** Denied packets are reported to an NFLOG group, at most so many a second for each chain. */
export interface DeniedLog {
  readonly group: number;
}

const LOGGED_PER_SECOND = 10;
const LOG_BURST = 20;

/** What stands before a drop: reports the packet, with the chain as prefix, where it is asked for. */
export const reportRules = (log: DeniedLog | undefined, chain: ChainName): readonly Rule[] =>
  log === undefined
    ? []
    : [
        {
          matches: [{ kind: 'limit', perSecond: LOGGED_PER_SECOND, burst: LOG_BURST }],
          verdict: { kind: 'log', group: log.group, prefix: chain },
        },
      ];
