import type { Finding } from './finding.ts';
import type { CheckedCluster, CheckedPolicy } from './subject.ts';

/** A finding without the policy's name. */
export type Observation = Omit<Finding, 'policy'>;

/** Finds one kind of mistake in a policy. Policies with faults have no rules to examine. */
export type CheckRule = (policy: CheckedPolicy, cluster: CheckedCluster) => readonly Observation[];
