/**
 * The reasons of the condition `portcullis.io/enforced`, the weightiest first: a pod to which several apply has the first one.
 * docs/operating.md has the same table.
 */
export const CONDITION_REASONS = {
  /** Written by the controller alone: the node's agent is silent. */
  AgentStale: 'Unknown',
  /** No rule of the node sees the pod's packets. */
  UnseenNetwork: 'False',
  /** The pod is on a bridge whose traffic iptables does not see. */
  BridgeNotFiltered: 'False',
  /** A policy isolates the pod, and a family of its addresses has not the newest rules. */
  FamilyNotProgrammed: 'False',
  /** A policy that selects the pod has a fault: it isolates the pod, and what it should allow is denied. */
  PolicyRejected: 'False',
  /** The policies that select the pod are in force; on this node something else is not. */
  PoliciesInForceInPart: 'True',
  PoliciesInForce: 'True',
} as const;

export type ConditionReason = keyof typeof CONDITION_REASONS;

/** The content of the condition. */
export interface PodVerdict {
  readonly status: (typeof CONDITION_REASONS)[ConditionReason];
  readonly reason: ConditionReason;
  /** A message for people. */
  readonly message: string;
}

/** Returns the content of the condition for a reason, which decides the status. */
export const verdictFor = (reason: ConditionReason, message: string): PodVerdict => ({
  status: CONDITION_REASONS[reason],
  reason,
  message,
});

const ORDER = Object.keys(CONDITION_REASONS);

/** Returns the weightiest of the verdicts on a pod; undefined if there are none. */
export const weightiest = (verdicts: readonly PodVerdict[]): PodVerdict | undefined =>
  verdicts.toSorted((a, b) => ORDER.indexOf(a.reason) - ORDER.indexOf(b.reason))[0];

/** Every policy that concerns the pod is in the kernel. */
export const IN_FORCE = verdictFor(
  'PoliciesInForce',
  "the node's kernel holds the network policies that select this pod",
);
