import type { Connection, Opening } from '../model/connection.ts';
import type { Direction } from '../model/direction.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { createEvaluator } from './evaluator.ts';
import type { Packet, PacketProtocol } from './packet.ts';

/** Says of connections that are there whether the policies would let them be opened now. */
export interface ConnectionJudge {
  /** Whether an end is isolated at all, so that there is something to judge. Addresses are canonical text. */
  concerns(source: string, destination: string): boolean;
  allows(opening: Omit<Opening, 'sourcePort'>): boolean;
}

/** IP protocol numbers (IANA) that a NetworkPolicyPort can name. */
const PROTOCOLS: ReadonlyMap<number, PacketProtocol> = new Map([
  [6, 'TCP'],
  [17, 'UDP'],
  [132, 'SCTP'],
]);

export const openingOf = ({ protocol, original, reply }: Connection): Opening => ({
  source: original.source,
  destination: reply.source,
  protocol,
  port: reply.sourcePort,
  sourcePort: original.sourcePort,
});

/** The same connection, as if its other end had opened it. */
export const turnedOpening = ({ source, destination, protocol, port, sourcePort }: Opening): Opening => ({
  source: destination,
  destination: source,
  protocol,
  port: sourcePort,
  sourcePort: port,
});

const isolatedAddresses = ({ isolations }: NodePolicy, direction: Direction): ReadonlySet<string> =>
  new Set(isolations.flatMap((each) => (each.direction === direction ? each.pods.flatMap(({ ips }) => ips) : [])));

/** Connections between the same ends at the same port are judged once. */
export const createConnectionJudge = (policy: NodePolicy): ConnectionJudge => {
  const isolated = {
    egress: isolatedAddresses(policy, 'egress'),
    ingress: isolatedAddresses(policy, 'ingress'),
  };
  // A verdict depends on these pods alone: what named ports stand for elsewhere is in the rules of egress.
  const evaluator = createEvaluator(
    policy,
    policy.isolations.flatMap(({ pods }) => pods),
  );
  const known = new Map<string, boolean>();
  /** The first few say most: of very many different ones none comes again. */
  const mostKnown = 50_000;
  return {
    concerns: (source, destination) => isolated.egress.has(source) || isolated.ingress.has(destination),
    allows({ source, destination, protocol, port }) {
      const key = `${String(protocol)} ${String(port)} ${source} ${destination}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const packet: Packet = { source, destination, protocol: PROTOCOLS.get(protocol) ?? 'other', port };
      const allowed = evaluator.trace(packet).verdict === 'allow';
      if (known.size < mostKnown) known.set(key, allowed);
      return allowed;
    },
  };
};
