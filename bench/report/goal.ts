import type { Row } from '../rows/row.ts';
import type { SizeName } from '../state/size.ts';
import { median } from './statistics.ts';

/** The bound of a row's median. */
export interface Goal {
  /** Undefined if the row is a share of something that was not measured. */
  readonly bound: number | undefined;
  readonly text: string;
}

/** @param samples the row's samples by agent: a goal may be a share of one of them */
export const goalOf = (
  { goal, goalP99, share, digits }: Row,
  state: SizeName,
  samples: Readonly<Record<string, readonly number[]>>,
): Goal | undefined => {
  if (share !== undefined) {
    const measured = samples[share.of];
    const bound = measured === undefined ? undefined : share.least * median(measured);
    const value = bound === undefined ? '' : ` (${bound.toFixed(digits)})`;
    return { bound, text: `≥ ${(100 * share.least).toFixed(0)} % of ${share.of}${value}` };
  }
  const bound = goal?.[state];
  if (bound === undefined) return undefined;
  return { bound, text: `≤ ${String(bound)}${goalP99 === undefined ? '' : `, p99 ≤ ${String(goalP99)}`}` };
};
