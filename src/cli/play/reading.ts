import type { IpFamily } from '../../model/family.ts';
import type { Protocol } from '../../model/protocol.ts';
import type { Outcome } from './pod-protocol.ts';

/**
 * One connection of the table: from a machine to a port of another, over one IP family. Plain data, as `-o json` prints it.
 */
export interface Reading {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly family: IpFamily;
  /** The kernel's result. `unsettled`: not known yet. `not probed`: SCTP, which has no sockets here. */
  readonly measured: Outcome | 'unsettled' | 'not probed';
  /** The policies' verdict. */
  readonly expected: 'allow' | 'deny';
  /** The reasons, one sentence per end. */
  readonly reasons: readonly string[];
}

/** Reports whether the kernel disagrees with the policies. */
export const disagrees = ({ measured, expected }: Pick<Reading, 'measured' | 'expected'>): boolean =>
  measured !== 'not probed' && measured !== 'unsettled' && measured !== (expected === 'allow' ? 'open' : 'timeout');

/** Returns text that is equal for readings of the same connection at different times. */
export const readingKey = ({ from, to, protocol, port, family }: Reading): string =>
  [from, to, protocol, port, family].join(' ');
