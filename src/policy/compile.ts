import type { ClusterChanges } from '../model/cluster-change.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { createPolicyCompiler } from './incremental/policy-compiler.ts';
import { DEFAULT_LIMITS, type Limits, type Usage } from './limits.ts';
import type { NodePolicy } from './node-policy.ts';

const NO_CHANGES: ClusterChanges = { pods: new Set(), namespaces: new Set(), networkpolicies: new Set() };

const ENDLESS: Usage = { rules: Infinity, sets: Infinity, members: Infinity, memory: Infinity };

/** For the policies of a whole cluster: limits are what one node has room for. */
const NO_LIMITS: Limits = { policy: ENDLESS, namespace: ENDLESS, node: ENDLESS };

/**
 * Compiles the cluster's policies for one node.
 *
 * @param node the node whose pods are the subjects; undefined for the pods of all nodes.
 */
export const compileNodePolicy = (snapshot: ClusterSnapshot, node: string | undefined): NodePolicy => {
  const compiler = createPolicyCompiler(node, node === undefined ? NO_LIMITS : DEFAULT_LIMITS);
  compiler.update(snapshot, 'everything');
  while (compiler.isUnfinished()) compiler.update(snapshot, NO_CHANGES);
  return compiler.policy();
};
