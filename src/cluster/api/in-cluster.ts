import { access } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { type ApiConnection, ConnectionError } from './connection.ts';
import { createConnection } from './credentials.ts';

/** Where the kubelet mounts a pod's service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The kubelet's variables for a pod about the API server. */
export interface InClusterSettings {
  /** KUBERNETES_SERVICE_HOST */
  readonly host: string | undefined;
  /** KUBERNETES_SERVICE_PORT */
  readonly port: string | undefined;
  /** Folder with `token` and `ca.crt`. */
  readonly folder?: string;
}

/**
 * Connects with a pod's service account. Reads the token again every minute, as the kubelet replaces it.
 *
 * @throws ConnectionError outside of a pod.
 */
export const connectInCluster = async (settings: InClusterSettings): Promise<ApiConnection> => {
  const { host, port, folder = SERVICE_ACCOUNT } = settings;
  if (!host || !port) {
    throw new ConnectionError(
      'not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; name a kubeconfig instead',
    );
  }
  const tokenFile = path.join(folder, 'token');
  const caFile = path.join(folder, 'ca.crt');
  for (const file of [tokenFile, caFile]) {
    await access(file).catch((error: unknown) => {
      throw new ConnectionError(`no service account is mounted: ${file} cannot be read`, { cause: error });
    });
  }
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return createConnection(
    { name: 'in-cluster', server, caFile, skipTLSVerify: false },
    { name: 'in-cluster', authProvider: { name: 'tokenFile', config: { tokenFile } } },
  );
};
