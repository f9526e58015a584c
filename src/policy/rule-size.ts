import { PROTOCOLS } from '../model/protocol.ts';
import type { AllowRule, Peer, PortMatch } from './node-policy.ts';
import type { PeerSpec, PortSpec, RuleSpec } from './parsed.ts';

/**
 * Maximum rules of one policy for each direction and family. A rule's peers and ports multiply: an object that an API server
 * accepts could need tens of millions of rules on every node that has its pods.
 */
export const MAX_RULES = 10_000;

/** Port ranges that always fit into one multiport match (iptables-extensions(8)). */
const RANGES_PER_MATCH = 7;

/** Returns the number of combinations: blocks without excepts share one set; each other peer needs rules of its own. */
const waysOfPeers = (peers: readonly (PeerSpec | Peer)[] | 'any'): number => {
  if (peers === 'any') return 1;
  const whole = peers.filter((peer) => peer.kind === 'ipBlock' && peer.block.except.length === 0).length;
  return peers.length - whole + Math.min(whole, 1);
};

const waysOfPorts = (ports: readonly (PortSpec | PortMatch)[] | 'any'): number => {
  if (ports === 'any' || ports.some(({ kind }) => kind === 'any')) return 1;
  const named = ports.filter(({ kind }) => kind === 'named').length;
  const matches = PROTOCOLS.map((protocol) => {
    const ranges = ports.filter((port) => port.kind === 'range' && port.protocol === protocol).length;
    return Math.ceil(ranges / RANGES_PER_MATCH);
  });
  return matches.reduce((sum, count) => sum + count, named);
};

/** Returns a lower bound for the number of kernel rules, per family, that one rule of a policy needs. */
export const ruleSize = ({ peers, ports }: RuleSpec | AllowRule): number => waysOfPeers(peers) * waysOfPorts(ports);
