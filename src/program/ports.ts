import { MAX_PORT } from '../policy/parse-port.ts';
import type { PortRange } from './node-program.ts';

/** Ports that fit into one multiport match; a range takes two places (iptables-extensions(8)). */
const MULTIPORT_PLACES = 15;

const places = ({ from, to }: PortRange): number => (from === to ? 1 : 2);

/** Returns the fewest ranges with the same ports, ascending. */
export const mergeRanges = (ranges: readonly PortRange[]): readonly PortRange[] => {
  const merged: PortRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to + 1) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else {
      merged.push({ from: range.from, to: range.to });
    }
  }
  return merged;
};

/** Reports whether the merged ranges are every port of the protocol. */
export const isEveryPort = (merged: readonly PortRange[]): boolean =>
  merged.some(({ from, to }) => from <= 1 && to >= MAX_PORT);

/** Splits merged ranges into lists that each fit into one multiport match. */
export const chunkRanges = (merged: readonly PortRange[]): readonly (readonly PortRange[])[] => {
  const chunks: PortRange[][] = [];
  let free = 0;
  for (const range of merged) {
    const chunk = chunks.at(-1);
    if (chunk === undefined || free < places(range)) {
      chunks.push([range]);
      free = MULTIPORT_PLACES - places(range);
    } else {
      chunk.push(range);
      free -= places(range);
    }
  }
  return chunks;
};
