import type { Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { AllowRule, Isolation } from '../policy/node-policy.ts';
import { portMiss } from './match-port.ts';
import type { Packet } from './packet.ts';
import type { Governing, PolicyIndex } from './policy-index.ts';
import type { Allowance, Entry, Miss, PortMiss, SideTrace } from './trace.ts';

const entries = <Match>(matches: readonly Match[]): readonly Entry<Match>[] =>
  matches.map((match, index) => ({ index, match }));

/** The verdict of one rule on a packet. */
export type RuleOutcome = { readonly allowance: Allowance } | { readonly miss: Extract<Miss, { kind: 'rule' }> };

/** One end of a packet and what lies at the other. */
export interface Side {
  readonly index: PolicyIndex;
  readonly packet: Packet;
  readonly remote: string;
  /** The pod that the packet goes to, if it is certain. */
  readonly destination: PodEndpoint | undefined;
}

/** A rule allows what any of its peers sends to, or receives at, any of its ports. */
export const tryRule = (compiled: AllowRule, { index, packet, remote, destination }: Side): RuleOutcome => {
  const { policy, index: rule } = compiled;
  const peer = entries(compiled.peers).find(({ match }) => index.means(match, remote));
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

const judge = ({ isolation, pod: subject }: Governing, side: Side): Exclude<SideTrace, { kind: 'open' }> => {
  const { direction, policies } = isolation;
  const misses: Extract<Miss, { kind: 'rule' }>[] = [];
  for (const rule of isolation.rules) {
    const outcome = tryRule(rule, side);
    if ('allowance' in outcome) return { kind: 'allowed', direction, subject, policies, by: outcome.allowance };
    misses.push(outcome.miss);
  }
  return { kind: 'denied', direction, subject, policies, misses: missesOf(isolation, side.index, misses) };
};

/** The end of a packet that a direction's policies isolate, and the other one. */
export const endsOf = (direction: Direction, { source, destination }: Packet): { own: string; remote: string } =>
  direction === 'egress' ? { own: source, remote: destination } : { own: destination, remote: source };

/** The verdict on each pod that may be one end of the packet. */
export const sidesOf = (
  index: PolicyIndex,
  direction: Direction,
  packet: Packet,
): readonly { readonly governing: Governing; readonly side: Side }[] => {
  const { own, remote } = endsOf(direction, packet);
  return index.isolationsAt(direction, own).map((governing) => {
    const destination = direction === 'ingress' ? governing.pod : index.ownerAt(packet.destination);
    return { governing, side: { index, packet, remote, destination } };
  });
};

/** The verdict of the policies of one end on the packet, without the other end's. If two pods may be that end, both have to allow. */
export const judgeSide = (index: PolicyIndex, direction: Direction, packet: Packet): SideTrace => {
  const { own } = endsOf(direction, packet);
  const judged = sidesOf(index, direction, packet).map(({ governing, side }) => judge(governing, side));
  const [first] = judged;
  if (first === undefined) return { kind: 'open', direction, subject: index.podAt(own) };
  return judged.find(({ kind }) => kind === 'denied') ?? first;
};
