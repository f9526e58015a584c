import type { Connect } from '../cluster/api/connection.ts';
import { connectInCluster } from '../cluster/api/in-cluster.ts';
import { connectByKubeconfig } from '../cluster/api/kubeconfig.ts';
import type { ApiServerConfig } from '../config/config.ts';
import type { AgentContext } from './context.ts';

/** Connects to this API server. */
export const connectTo = (source: ApiServerConfig, { env }: Pick<AgentContext, 'env'>): Connect =>
  source.kind === 'kubeconfig'
    ? () => connectByKubeconfig(source.file)
    : () => connectInCluster({ host: env['KUBERNETES_SERVICE_HOST'], port: env['KUBERNETES_SERVICE_PORT'] });

/** Returns how to connect to the API server; undefined if the agent reads a folder instead. */
export const findApiServer = (context: Pick<AgentContext, 'config' | 'env'>): Connect | undefined => {
  const { source } = context.config;
  return source.kind === 'manifests' ? undefined : connectTo(source, context);
};
