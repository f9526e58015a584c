import type { IpFamily } from '../model/family.ts';
import type { AllowRule, Isolation } from '../policy/node-policy.ts';
import { ruleSize } from '../policy/rule-size.ts';
import { MEMBER_COST } from './incremental/room.ts';

const membersOf = (
  { peers }: AllowRule,
  family: IpFamily,
  isThere: (members: ReadonlySet<string>) => boolean,
): number => {
  let count = 0;
  for (const peer of peers) {
    if (peer.kind === 'pods' && !isThere(peer.addresses[family])) count += peer.addresses[family].size;
    if (peer.kind === 'ipBlock') count += 1 + peer.block.except.length;
  }
  return count;
};

/**
 * What it takes to bring the isolation's rules into the kernel, see Room; never less than it will take.
 * @param isThere whether there is a set with these members already
 */
export const isolationCost = (
  { rules }: Isolation,
  family: IpFamily,
  isThere: (members: ReadonlySet<string>) => boolean,
): number => {
  let cost = 1;
  for (const rule of rules) cost += ruleSize(rule) + MEMBER_COST * membersOf(rule, family, isThere);
  return cost;
};
