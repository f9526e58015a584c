import { get } from '../../src/cluster/api/request.ts';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { nowNs } from './flow.ts';

/** The resources that agents watch; each change of the bench is of one of them. */
const WATCHED = ['/api/v1/pods', '/apis/networking.k8s.io/v1/networkpolicies'];
const NS_PER_MS = 1e6;

/** A watch that receives changes and does nothing: no agent can be faster. */
export interface BareWatch {
  /** Called just before the request for a change. @returns the milliseconds until the change was received */
  expect(): Promise<number>;
  end(): void;
}

export const openBareWatch = async ({ admin, kubeconfigPath }: ApiServer): Promise<BareWatch> => {
  const connection = await connectByKubeconfig(kubeconfigPath);
  const ending = new AbortController();
  let onEvent = (): void => undefined;
  const watch = async (path: string): Promise<void> => {
    const { metadata } = (await admin.get(`${path}?limit=1`)) as { metadata: { resourceVersion: string } };
    const query = { watch: '1', resourceVersion: metadata.resourceVersion, timeoutSeconds: '3600' };
    const response = await get(connection, path, query, 'application/json', ending.signal);
    response.on('data', () => {
      onEvent();
    });
    // The connection is closed while it is in use.
    response.on('error', () => undefined);
  };
  try {
    for (const path of WATCHED) await watch(path);
  } catch (error) {
    ending.abort();
    throw error;
  }
  return {
    expect() {
      const since = nowNs();
      return new Promise((resolve) => {
        onEvent = () => {
          resolve((nowNs() - since) / NS_PER_MS);
        };
      });
    },
    end: () => {
      ending.abort();
    },
  };
};
