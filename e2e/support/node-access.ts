import { nodePrefix } from '../cluster/access.ts';
import { clusterFolder } from '../cluster/folder.ts';
import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { target } from './kubectl.ts';

/** Whether the nodes can be entered: those of a cluster of ours can. */
export const canEnterNodes = target.clusterRoot !== undefined;

/** A command prefix for what is to run on a node, as root. @throws Error for a cluster that is not ours */
export const nodeCommand = async (node: string): Promise<readonly string[]> => {
  if (target.clusterRoot === undefined) throw new Error('the nodes of this cluster cannot be entered');
  return nodePrefix(clusterFolder({ PORTCULLIS_CLUSTER_DIR: target.clusterRoot }), node);
};

/** Runs commands on a node, as root. @throws Error for a cluster that is not ours */
export const onNode = async (node: string): Promise<CommandRunner> => createCommandRunner(await nodeCommand(node));
