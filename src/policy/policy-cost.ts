import { DIRECTIONS, type Direction } from '../model/direction.ts';
import type { ParsedPolicy, RuleSpec } from './parsed.ts';
import { ruleSize } from './rule-size.ts';

/** A lower bound for what a policy needs in the kernel, derived from the policy alone. */
export interface PolicyCost {
  /** Rules of one group of pods in one family. */
  readonly rules: Readonly<Record<Direction, number>>;
  readonly sets: number;
  /** Members of the sets of blocks. */
  readonly members: number;
}

const known = new WeakMap<ParsedPolicy, PolicyCost>();

/** Returns the sets, and the members of those that contain blocks. */
const setsOf = ({ peers, ports }: RuleSpec, direction: Direction): Pick<PolicyCost, 'sets' | 'members'> => {
  // An egress port name is resolved among the pods of each peer: each combination needs a set.
  const named = ports === 'any' || direction === 'ingress' ? 0 : ports.filter(({ kind }) => kind === 'named').length;
  if (peers === 'any') return { sets: named, members: 0 };
  let pods = 0;
  let whole = 0;
  let pierced = 0;
  let holes = 0;
  for (const peer of peers) {
    if (peer.kind === 'pods') pods += 1;
    else if (peer.block.except.length === 0) whole += 1;
    else {
      pierced += 1;
      holes += peer.block.except.length;
    }
  }
  const ofBlocks = whole > 1 ? 1 : 0;
  const namedBlocks = whole + pierced > 0 ? named : 0;
  return { sets: pods * (1 + named) + ofBlocks + pierced + namedBlocks, members: (ofBlocks === 0 ? 0 : whole) + holes };
};

const measure = ({ rules, directions }: ParsedPolicy): PolicyCost => {
  const counts: Record<Direction, number> = { ingress: 0, egress: 0 };
  let sets = 0;
  let members = 0;
  for (const direction of DIRECTIONS) {
    if (!directions.includes(direction)) continue;
    // A direction without rules costs something too: its pods are a group of their own.
    counts[direction] = 1;
    for (const rule of rules[direction]) {
      counts[direction] += ruleSize(rule);
      const more = setsOf(rule, direction);
      sets += more.sets;
      members += more.members;
    }
  }
  return { rules: counts, sets, members };
};

/** Returns the policy's cost; computes it once. */
export const policyCost = (policy: ParsedPolicy): PolicyCost => {
  const cost = known.get(policy) ?? measure(policy);
  known.set(policy, cost);
  return cost;
};
