import type { ContainerPort } from '../model/pod.ts';
import { PROTOCOLS, type Protocol } from '../model/protocol.ts';
import type { PortSet } from '../trace/port-set.ts';

/** Whether policies allow a connection, and whether somebody tried it. */
export type EdgeState = 'refused' | 'allowed' | 'untried' | 'unused';

/** A connection to ask about. */
export interface EdgeQuestion {
  readonly source: string;
  readonly destination: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Connections from one node of the map to another that fare alike. */
export interface MapEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /**
   * `refused`, `allowed`: seen. `untried`: policies refuse a port that the destination declares, and nobody tried. `unused`: a
   * rule allows it, and nobody used it.
   */
  readonly state: EdgeState;
  /** `TCP 80`, `all`. */
  readonly ports: string;
  readonly question: EdgeQuestion;
  readonly count: number;
  /** In ms since the epoch; 0 where it was not seen. */
  readonly first: number;
  readonly last: number;
}

/** Reports whether a set of ports holds one. */
export const holdsPort = (ports: PortSet, protocol: Protocol, port: number): boolean =>
  ports[protocol].some(({ from, to }) => port >= from && port <= to);

/** Returns a port that a question about an allowed connection names: one that the destination declares, where it can. */
export const portToAsk = (
  ports: PortSet,
  declared: readonly Pick<ContainerPort, 'protocol' | 'port'>[],
): Pick<EdgeQuestion, 'protocol' | 'port'> => {
  const found = declared.find(({ protocol, port }) => holdsPort(ports, protocol, port));
  if (found !== undefined) return { protocol: found.protocol, port: found.port };
  for (const protocol of PROTOCOLS) {
    const [range] = ports[protocol];
    if (range !== undefined) return { protocol, port: range.from === 1 && range.to > 80 ? 80 : range.from };
  }
  return { protocol: 'TCP', port: 80 };
};

/** Collects edges up to a limit for each state, and counts the others. */
export interface EdgeCollector {
  add(edge: MapEdge): void;
}
