import type { IpFamily } from '../model/family.ts';
import type { AllowRule, Isolation, Peer } from '../policy/node-policy.ts';
import { ruleSize } from '../policy/rule-size.ts';
import { MEMBER_COST } from './incremental/room.ts';

/** The constant part of a rule's cost, and the peers that determine the rest. */
interface Weighed {
  readonly fixed: number;
  readonly pods: readonly Extract<Peer, { kind: 'pods' }>[];
}

const weighed = new WeakMap<AllowRule, Weighed>();

const weigh = (rule: AllowRule): Weighed => {
  const known = weighed.get(rule);
  if (known !== undefined) return known;
  let blocks = 0;
  for (const peer of rule.peers) if (peer.kind === 'ipBlock') blocks += 1 + peer.block.except.length;
  const made = {
    fixed: ruleSize(rule) + MEMBER_COST * blocks,
    pods: rule.peers.filter((peer) => peer.kind === 'pods'),
  };
  weighed.set(rule, made);
  return made;
};

/**
 * Returns an upper bound for the cost of an isolation's rules in the kernel, see Room.
 * @param isThere reports whether a set with these members exists already
 */
export const isolationCost = (
  { rules }: Isolation,
  family: IpFamily,
  isThere: (members: ReadonlySet<string>) => boolean,
): number => {
  let cost = 1;
  for (const rule of rules) {
    const { fixed, pods } = weigh(rule);
    cost += fixed;
    for (const { addresses } of pods) {
      if (!isThere(addresses[family])) cost += MEMBER_COST * addresses[family].size;
    }
  }
  return cost;
};
