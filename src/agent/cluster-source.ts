import { uptime } from 'node:os';
import { createApiSource } from '../cluster/api-source.ts';
import { withEarlyAddresses } from '../cluster/cni/early-addresses.ts';
import { followCniResults } from '../cluster/cni/follow-results.ts';
import type { ClusterSource } from '../cluster/source.ts';
import { connectTo } from './connect.ts';
import type { AgentContext } from './context.ts';

const createSource = async (context: AgentContext): Promise<ClusterSource> => {
  const { config, clock, log } = context;
  const onTrouble = (what: string, trouble: string | undefined): void => {
    if (trouble === undefined) log.info('the source of the state of the cluster works again', { what });
    else log.warn('the source of the state of the cluster is in trouble; the last state stays', { what, trouble });
  };
  const { source } = config;
  if (source.kind === 'manifests') {
    // Its YAML parser is nothing for an agent in a cluster to load.
    const { createManifestSource } = await import('../cluster/manifest-source.ts');
    return createManifestSource({
      paths: [source.folder],
      clock,
      onTrouble: (trouble) => {
        onTrouble(source.folder, trouble);
      },
    });
  }
  return createApiSource({ connect: connectTo(source, context), clock, random: Math.random, onTrouble });
};

const withCniResults = ({ config, clock, log }: AgentContext, source: ClusterSource): ClusterSource => {
  const { cniResults: folder, nodeName } = config;
  if (folder === undefined) return source;
  const bootedAt = Date.now() - uptime() * 1000;
  const onTrouble = (what: string, trouble: string): void => {
    log.warn('pods may be learned of later: a CNI result cannot be read', { what, trouble });
  };
  return withEarlyAddresses(source, followCniResults({ folder, clock, bootedAt, onTrouble }), nodeName);
};

/** Where the agent learns of pods, namespaces and policies, and of the addresses of pods that are about to start. */
export const createClusterSource = async (context: AgentContext): Promise<ClusterSource> =>
  withCniResults(context, await createSource(context));
