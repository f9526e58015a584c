import { until } from '../cluster/until.ts';
import { installAgentWith } from './agent.ts';
import { AGENT_NAMESPACE } from './agent-names.ts';
import { get, kubectl } from './kubectl.ts';
import { onNode } from './node-access.ts';

/** The CNI plugin of manifests/components/cni-plugin on the nodes of a cluster of ours. */

export const PLUGIN = 'portcullis-cni-plugin';
const OWN_FILES = '/etc/cni/net.d/*-portcullis.conflist';
const PROGRAM = '/opt/cni/bin/portcullis';
const SETTLED_MS = 60_000;

const finds = async (node: string, files: string): Promise<boolean> => {
  const found = await (await onNode(node)).run('sh', ['-c', `ls ${files} 2>/dev/null || true`]);
  return found.trim() !== '';
};

/** Reports whether the node has any part of it. */
export const isPluginOn = (node: string): Promise<boolean> => finds(node, `${OWN_FILES} ${PROGRAM}`);

/** Returns all nodes, whatever their taints are. */
export const allNodes = async (): Promise<readonly string[]> =>
  (await get<{ items: readonly { readonly metadata: { readonly name: string } }[] }>('nodes')).items.map(
    ({ metadata }) => metadata.name,
  );

/** Installs agent and plugin, and resolves when each node has both. */
export const installPlugin = async (): Promise<void> => {
  await installAgentWith('cni-plugin');
  await kubectl(['-n', AGENT_NAMESPACE, 'rollout', 'status', `daemonset/${PLUGIN}`, '--timeout=180s']);
  for (const node of await allNodes()) {
    await until(`${node} has the plugin`, SETTLED_MS, () => finds(node, OWN_FILES));
  }
};

/** Deletes the component's objects, and resolves when no node has the plugin. */
export const removePlugin = async (): Promise<void> => {
  await kubectl([
    '-n',
    AGENT_NAMESPACE,
    'delete',
    'daemonset,role,rolebinding,serviceaccount',
    PLUGIN,
    '--ignore-not-found',
  ]);
  for (const node of await allNodes()) {
    await until(`${node} is without the plugin`, SETTLED_MS, async () => !(await isPluginOn(node)));
  }
};
