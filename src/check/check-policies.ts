import type { Finding } from './finding.ts';
import type { CheckRule } from './rule.ts';
import { findDirectionsWithoutRules, findIgnoredRules } from './rules/directions.ts';
import { findForgottenDns } from './rules/dns.ts';
import { findClosedDns } from './rules/dns-closed.ts';
import { findEmptyLists } from './rules/empty-list.ts';
import { findInvalid } from './rules/invalid.ts';
import {
  findBlocksWithPods,
  findMisspeltBlocks,
  findServiceAddresses,
  findUnreachableBlocks,
} from './rules/ip-block.ts';
import { findMissingNamespace, findUnsetNamespace } from './rules/namespace.ts';
import { findIdlePeers } from './rules/peer.ts';
import { findIdleSubjects, findMissingPodSelector } from './rules/pod-selector.ts';
import { findOverlappingPorts, findUndeclaredPorts } from './rules/ports.ts';
import {
  findDuplicatePolicies,
  findOverlappingPeers,
  findRedundantRules,
  findUndoneExcepts,
} from './rules/redundant.ts';
import { findAllowingDenials, findOpenEgress } from './rules/says-deny.ts';
import { findContradictions, findNamespaceLabels } from './rules/selector-contradicts.ts';
import { findSplitPeers } from './rules/split-peer.ts';
import { findSplitRules } from './rules/split-rule.ts';
import { findUnknownFields } from './rules/unknown-field.ts';
import type { CheckedCluster } from './subject.ts';

const RULES: readonly CheckRule[] = [
  findUnknownFields,
  findInvalid,
  findMissingNamespace,
  findUnsetNamespace,
  findMissingPodSelector,
  findIdleSubjects,
  findContradictions,
  findNamespaceLabels,
  findDirectionsWithoutRules,
  findIgnoredRules,
  findAllowingDenials,
  findOpenEgress,
  findEmptyLists,
  findIdlePeers,
  findSplitPeers,
  findSplitRules,
  findRedundantRules,
  findOverlappingPeers,
  findUndoneExcepts,
  findBlocksWithPods,
  findMisspeltBlocks,
  findUnreachableBlocks,
  findServiceAddresses,
  findUndeclaredPorts,
  findOverlappingPorts,
];

/** Returns all mistakes and surprises in the policies of a cluster, policy by policy. */
export const checkPolicies = (cluster: CheckedCluster): readonly Finding[] => [
  ...cluster.policies.flatMap((policy) =>
    RULES.flatMap((rule) => rule(policy, cluster)).map((found): Finding => ({ ...found, policy: policy.parsed.key })),
  ),
  ...findDuplicatePolicies(cluster),
  ...findForgottenDns(cluster),
  ...findClosedDns(cluster),
];
