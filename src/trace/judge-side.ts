import type { Direction } from '../model/direction.ts';
import type { AllowRule, Isolation } from '../policy/node-policy.ts';
import { portMiss } from './match-port.ts';
import type { Packet } from './packet.ts';
import type { PolicyIndex } from './policy-index.ts';
import type { Allowance, Entry, Miss, PortMiss, SideTrace } from './trace.ts';

const entries = <Match>(matches: readonly Match[]): readonly Entry<Match>[] =>
  matches.map((match, index) => ({ index, match }));

type Outcome = { readonly allowance: Allowance } | { readonly miss: Extract<Miss, { kind: 'rule' }> };

/** One end of a packet and what lies at the other. */
interface Side {
  readonly index: PolicyIndex;
  readonly packet: Packet;
  readonly remote: string;
}

/** A rule allows what any of its peers sends to, or receives at, any of its ports. */
const tryRule = (compiled: AllowRule, { index, packet, remote }: Side): Outcome => {
  const { policy, index: rule } = compiled;
  const peer = entries(compiled.peers).find(({ match }) => index.means(match, remote));
  const destination = index.podAt(packet.destination);
  const portMisses: PortMiss[] = [];
  for (const port of entries(compiled.ports)) {
    const miss = portMiss(port, packet, destination);
    if (miss !== undefined) {
      portMisses.push(miss);
      continue;
    }
    if (peer !== undefined) return { allowance: { policy, rule, peer, port } };
    return { miss: { kind: 'rule', policy, rule, peer, portMisses: [], compiled } };
  }
  return { miss: { kind: 'rule', policy, rule, peer, portMisses, compiled } };
};

const missesOf = (isolation: Isolation, index: PolicyIndex, ofRules: readonly Extract<Miss, { kind: 'rule' }>[]) => {
  const byPolicy = Map.groupBy(ofRules, (miss) => miss.policy);
  return isolation.policies.flatMap((policy): readonly Miss[] => {
    const faults = index.faultsOf(policy);
    if (faults.length > 0) return [{ kind: 'fault', policy, faults }];
    return byPolicy.get(policy) ?? [{ kind: 'no-rules', policy }];
  });
};

/** What the policies of one end say of the packet, the other end's left aside. */
export const judgeSide = (index: PolicyIndex, direction: Direction, packet: Packet): SideTrace => {
  const [own, remote] =
    direction === 'egress' ? [packet.source, packet.destination] : [packet.destination, packet.source];
  const subject = index.podAt(own);
  const isolation = index.isolationAt(direction, own);
  if (subject === undefined || isolation === undefined) return { kind: 'open', direction, subject };
  const { policies } = isolation;
  const misses: Extract<Miss, { kind: 'rule' }>[] = [];
  for (const rule of isolation.rules) {
    const outcome = tryRule(rule, { index, packet, remote });
    if ('allowance' in outcome) return { kind: 'allowed', direction, subject, policies, by: outcome.allowance };
    misses.push(outcome.miss);
  }
  return { kind: 'denied', direction, subject, policies, misses: missesOf(isolation, index, misses) };
};
