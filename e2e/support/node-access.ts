import { nodePrefix } from '../cluster/access.ts';
import { clusterFolder } from '../cluster/folder.ts';
import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { target } from './kubectl.ts';

/** Whether commands can run on the nodes: on those of a cluster of ours they can. */
export const canEnterNodes = target.clusterRoot !== undefined;

/** Returns a command prefix that runs on a node, as root. @throws Error for a cluster that is not ours */
export const nodeCommand = async (node: string): Promise<readonly string[]> => {
  if (target.clusterRoot === undefined) throw new Error('the nodes of this cluster cannot be entered');
  return nodePrefix(clusterFolder({ PORTCULLIS_CLUSTER_DIR: target.clusterRoot }), node);
};

/** Returns a runner of commands on a node, as root. @throws Error for a cluster that is not ours */
export const onNode = async (node: string): Promise<CommandRunner> => createCommandRunner(await nodeCommand(node));
