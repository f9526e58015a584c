import { isRevision, isOlderThan } from '../api/resource-version.ts';
import type { AgentLease } from './agent-lease.ts';

/** A node on which a policy, as it is applied now, is not in force, and why. */
export interface LaggingNode {
  readonly node: string;
  readonly reason: string;
}

/** A policy as it is applied now. */
export interface AppliedPolicy {
  /** `namespace/name` */
  readonly key: string;
  readonly resourceVersion: string;
}

const lagOf = ({ key, resourceVersion }: AppliedPolicy, lease: AgentLease | undefined): string | undefined => {
  if (lease === undefined) return 'no agent has a Lease there';
  const { level, reason, networkpolicies, faulty, renewedAt } = lease;
  const renewed = `its Lease was renewed at ${renewedAt}`;
  if (level !== 'enforcing' && level !== 'in part') return `${level}: ${reason} (${renewed})`;
  if (!isRevision(networkpolicies) || isOlderThan(networkpolicies, resourceVersion)) {
    return `its agent has applied policies up to ${networkpolicies || 'nothing'}, and the policy is of ${resourceVersion} (${renewed})`;
  }
  return faulty.includes(key) ? 'the policy has a fault: it isolates its pods and allows nothing' : undefined;
};

/**
 * Returns the nodes on which the policy is not in force. A Lease that is stale still proves what it says: rules outlive their agent.
 * @param nodes names of the nodes that the policy concerns
 * @param leases by node
 */
export const findLaggingNodes = (
  policy: AppliedPolicy,
  nodes: Iterable<string>,
  leases: ReadonlyMap<string, AgentLease>,
): readonly LaggingNode[] =>
  [...nodes].toSorted().flatMap((node) => {
    const reason = lagOf(policy, leases.get(node));
    return reason === undefined ? [] : [{ node, reason }];
  });
