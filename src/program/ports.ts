import type { PortRange } from '../model/port-range.ts';
import { MAX_PORT } from '../policy/parse-port.ts';

/** Ports that fit into one multiport match; a range takes two places (iptables-extensions(8)). */
const MULTIPORT_PLACES = 15;

const places = ({ from, to }: PortRange): number => (from === to ? 1 : 2);

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
