import type { Connection } from '../model/connection.ts';
import type { Direction } from '../model/direction.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { createEvaluator } from './evaluator.ts';
import type { Packet, PacketProtocol } from './packet.ts';

/** Says of connections that are there whether the policies would let them be opened now. */
export interface ConnectionJudge {
  /** Whether an end is isolated at all, so that there is something to judge. Addresses are canonical text. */
  concerns(source: string, destination: string): boolean;
  allows(connection: Connection): boolean;
}

/** IP protocol numbers (IANA) that a NetworkPolicyPort can name. */
const PROTOCOLS: ReadonlyMap<number, PacketProtocol> = new Map([
  [6, 'TCP'],
  [17, 'UDP'],
  [132, 'SCTP'],
]);

/** The packet that would open the connection, after DNAT and before SNAT: it goes to where the replies come from. */
export const openingPacket = ({ protocol, original, reply }: Connection): Packet => ({
  source: original.source,
  destination: reply.source,
  protocol: PROTOCOLS.get(protocol) ?? 'other',
  port: reply.sourcePort,
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
  return {
    concerns: (source, destination) => isolated.egress.has(source) || isolated.ingress.has(destination),
    allows(connection) {
      const packet = openingPacket(connection);
      const key = `${packet.protocol} ${packet.port} ${packet.source} ${packet.destination}`;
      const allowed = known.get(key) ?? evaluator.trace(packet).verdict === 'allow';
      known.set(key, allowed);
      return allowed;
    },
  };
};
