import { layoutOf } from '../program/names.ts';
import type { Observed } from './observed.ts';

/** The first layout, that of 0.1.0, has no mark. */
const UNMARKED = 1;

/** Returns the newest layout that has chains; undefined if no agent left any. */
export const observedLayout = ({ tables, former = {} }: Observed): number | undefined => {
  const chains = [...Object.values(tables), ...Object.values(former)].flatMap((table) => [...table.chains.keys()]);
  return chains.length === 0 ? undefined : Math.max(...chains.map((name) => layoutOf(name) ?? UNMARKED));
};
