import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import type { Kubectl } from './kubectl.ts';

/** The table of kindnet's own policy engine (kind v0.24 and newer). */
const TABLE = 'kindnet-network-policies';

const { run } = createCommandRunner();

const isTableThere = async (node: string): Promise<boolean> => {
  const tables = await run('docker', ['exec', node, 'nft', 'list', 'tables']);
  return tables.split('\n').some((line) => line.trim() === `table inet ${TABLE}`);
};

/**
 * Ends kindnet's own enforcement of policies on these nodes, if this kind has one. The network of kindnet stays, until
 * a node's container is restarted.
 */
export const endKindnetPolicies = async (kubectl: Kubectl, nodes: readonly string[]): Promise<void> => {
  await kubectl(['-n', 'kube-system', 'delete', 'daemonset/kindnet', '--ignore-not-found', '--cascade=foreground']);
  for (const node of nodes) {
    const there = await isTableThere(node).catch((error: unknown) => {
      // A node image without nft is older than the engine.
      if (error instanceof CommandError) return false;
      throw error;
    });
    if (there) await run('docker', ['exec', node, 'nft', 'delete', 'table', 'inet', TABLE]);
  }
};
