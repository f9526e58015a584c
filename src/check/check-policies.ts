import type { Finding } from './finding.ts';
import type { CheckRule } from './rule.ts';
import { findDirectionsWithoutRules, findIgnoredRules } from './rules/directions.ts';
import { findForgottenDns } from './rules/dns.ts';
import { findEmptyLists } from './rules/empty-list.ts';
import { findInvalid } from './rules/invalid.ts';
import { findBlocksWithPods, findHostBits } from './rules/ip-block.ts';
import { findMissingNamespace } from './rules/namespace.ts';
import { findIdlePeers } from './rules/peer.ts';
import { findIdleSubjects, findMissingPodSelector } from './rules/pod-selector.ts';
import { findOverlappingPorts, findUndeclaredPorts } from './rules/ports.ts';
import { findSplitPeers } from './rules/split-peer.ts';
import type { CheckedCluster } from './subject.ts';

const RULES: readonly CheckRule[] = [
  findInvalid,
  findMissingNamespace,
  findMissingPodSelector,
  findIdleSubjects,
  findDirectionsWithoutRules,
  findIgnoredRules,
  findEmptyLists,
  findIdlePeers,
  findSplitPeers,
  findBlocksWithPods,
  findHostBits,
  findUndeclaredPorts,
  findOverlappingPorts,
];

/** All mistakes and surprises in the policies of a cluster, policy by policy. */
export const checkPolicies = (cluster: CheckedCluster): readonly Finding[] => [
  ...cluster.policies.flatMap((policy) =>
    RULES.flatMap((rule) => rule(policy, cluster)).map((found): Finding => ({ ...found, policy: policy.parsed.key })),
  ),
  ...findForgottenDns(cluster),
];
