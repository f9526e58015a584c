import { nodePrefix } from '../cluster/access.ts';
import { clusterFolder } from '../cluster/folder.ts';
import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { target } from './kubectl.ts';

/** Whether the nodes can be entered: those of a cluster of ours can. */
export const canEnterNodes = target.clusterRoot !== undefined;

/** Runs commands on a node, as root. @throws Error for a cluster that is not ours */
export const onNode = async (node: string): Promise<CommandRunner> => {
  if (target.clusterRoot === undefined) throw new Error('the nodes of this cluster cannot be entered');
  const folder = clusterFolder({ PORTCULLIS_CLUSTER_DIR: target.clusterRoot });
  return createCommandRunner(await nodePrefix(folder, node));
};
