import type { Finding } from './finding.ts';
import type { CheckedCluster, CheckedPolicy } from './subject.ts';

/** What a rule finds, before the policy's name is put to it. */
export type Observation = Omit<Finding, 'policy'>;

/** Looks for one kind of mistake in one policy, whose faults are not its concern: those have no rules to look at. */
export type CheckRule = (policy: CheckedPolicy, cluster: CheckedCluster) => readonly Observation[];
