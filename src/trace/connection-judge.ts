import type { Connection, Opening } from '../model/connection.ts';
import type { Direction } from '../model/direction.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { createEvaluator } from './evaluator.ts';
import type { Packet, PacketProtocol } from './packet.ts';

/** Judges whether the policies would allow an existing connection to be opened now. */
export interface ConnectionJudge {
  /** Reports whether an end is isolated, so that there is something to judge. Addresses are canonical text. */
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

/** Returns the connection with its ends exchanged. */
export const turnedOpening = ({ source, destination, protocol, port, sourcePort }: Opening): Opening => ({
  source: destination,
  destination: source,
  protocol,
  port: sourcePort,
  sourcePort: port,
});

const isolatedAddresses = ({ isolations }: NodePolicy, direction: Direction): ReadonlySet<string> =>
  new Set(isolations.flatMap((each) => (each.direction === direction ? each.pods.flatMap(({ ips }) => ips) : [])));

/** Creates a judge. Connections between the same ends at the same port are judged once. */
export const createConnectionJudge = (policy: NodePolicy): ConnectionJudge => {
  const isolated = {
    egress: isolatedAddresses(policy, 'egress'),
    ingress: isolatedAddresses(policy, 'ingress'),
  };
  // Only these pods affect a verdict: egress rules already have the numbers of named ports elsewhere.
  const evaluator = createEvaluator(
    policy,
    policy.isolations.flatMap(({ pods }) => pods),
  );
  const known = new Map<string, boolean>();
  /** The cache keeps this many verdicts: if there are very many different connections, none of them repeats. */
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
