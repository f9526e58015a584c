import type { Miss, PortMiss } from './trace.ts';

/** How far a port entry is from matching: a number is easier to change than a protocol. */
const PORT_DISTANCE: Readonly<Record<PortMiss['kind'], number>> = { number: 1, undeclared: 2, protocol: 3 };

/** Says how far a miss is from allowing the packet: of two the smaller number is the nearer one. */
export const missDistance = (miss: Miss): number => {
  if (miss.kind === 'fault') return 20;
  if (miss.kind === 'no-rules') return 30;
  const ports = miss.portMisses.length === 0 ? 0 : Math.min(...miss.portMisses.map(({ kind }) => PORT_DISTANCE[kind]));
  return (miss.peer === undefined ? 4 : 0) + ports;
};

/**
 * Returns the miss that came closest to allowing the packet: a rule that lacks only the port, then one that lacks only the
 * peer, then both. An invalid policy may have been meant to allow the packet; one without rules was not. The first of equals
 * wins.
 */
export const nearestMiss = (misses: readonly Miss[]): Miss | undefined =>
  misses.reduce<Miss | undefined>(
    (best, miss) => (best === undefined || missDistance(miss) < missDistance(best) ? miss : best),
    undefined,
  );
