import { describeEdge } from './coverage.ts';
import { type LeftOut, type Party, partyKey, type SeenEdge, type SeenEdges } from './seen-edges.ts';

/** The first port that Linux gives to clients (net.ipv4.ip_local_port_range). */
const FIRST_EPHEMERAL = 32_768;
/** A server uses no more ports of the ephemeral range; clients have a new one for each connection. */
const MOST_HIGH_PORTS = 2;

/** Reports whether an edge goes to a port of the range that clients use, and no container declares it. */
export const isHighPort = ({ port, isDeclared }: SeenEdge): boolean => port >= FIRST_EPHEMERAL && !isDeclared;

/** All of the internet is one party here: its hosts answer by whichever address. */
const keyOf = (party: Party): string =>
  party.kind === 'address' && party.class === 'internet' ? 'internet' : partyKey(party);

const pairKey = (source: Party, destination: Party, protocol: string): string =>
  `${keyOf(source)}|${keyOf(destination)}|${protocol}`;

/**
 * Leaves out edges to ports of clients: the kernel takes the ends of a connection for each other if the first packet that it sees
 * of it is one of the server's.
 */
export const withoutClientPorts = (edges: readonly SeenEdge[]): SeenEdges => {
  const served = new Set(
    edges
      .filter((edge) => !isHighPort(edge))
      .map(({ source, destination, protocol }) => pairKey(source, destination, protocol)),
  );
  const highPorts = Map.groupBy(edges.filter(isHighPort), ({ source, destination, protocol }) =>
    pairKey(source, destination, protocol),
  );
  const whyLeftOut = (edge: SeenEdge): string | undefined => {
    if (!isHighPort(edge)) return undefined;
    const { source, destination, protocol } = edge;
    if (served.has(pairKey(destination, source, protocol))) return 'it is the reply to a connection the other way';
    const ports = new Set(highPorts.get(pairKey(source, destination, protocol))?.map(({ port }) => port));
    if (ports.size <= MOST_HIGH_PORTS) return undefined;
    return `it is one of ${ports.size} ports that clients use (${FIRST_EPHEMERAL} and above), and no container declares it`;
  };
  return {
    edges: edges.filter((edge) => whyLeftOut(edge) === undefined),
    leftOut: edges.flatMap((edge): readonly LeftOut[] => {
      const why = whyLeftOut(edge);
      return why === undefined ? [] : [{ text: describeEdge(edge), why, evidence: edge.evidence }];
    }),
  };
};
