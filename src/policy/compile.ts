import type { ClusterSnapshot } from '../model/snapshot.ts';
import { createPolicyCompiler } from './incremental/policy-compiler.ts';
import type { NodePolicy } from './node-policy.ts';

/**
 * Works out what the cluster's policies ask of one node.
 *
 * @param node the node whose pods are the subjects; undefined for the pods of all nodes.
 */
export const compileNodePolicy = (snapshot: ClusterSnapshot, node: string | undefined): NodePolicy => {
  const compiler = createPolicyCompiler(node);
  compiler.update(snapshot, 'everything');
  return compiler.policy();
};
