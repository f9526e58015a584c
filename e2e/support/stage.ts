import { apply, get, kubectl } from './kubectl.ts';
import { namespaceObject, type PodRef } from './objects.ts';

/** Maximum time until a pod is ready. */
const READY = '--timeout=120s';

/** Deletes namespaces with all their objects, without waiting. */
export const closeNamespaces = async (...names: readonly string[]): Promise<void> => {
  await kubectl(['delete', 'namespace', '--ignore-not-found', '--wait=false', ...names]);
};

/** Creates empty namespaces; first waits until those of an earlier run are gone. */
export const openNamespaces = async (...names: readonly string[]): Promise<void> => {
  await kubectl(['delete', 'namespace', '--ignore-not-found', READY, ...names]);
  await apply(...names.map((name) => namespaceObject(name)));
};

export const waitForPods = async (namespace: string): Promise<void> => {
  await kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', READY]);
};

interface PodStatus {
  readonly status: {
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

/** Returns a pod's addresses, one per family of the cluster. */
export const podIps = async ({ namespace, name }: PodRef): Promise<readonly string[]> => {
  const { status } = await get<PodStatus>('-n', namespace, 'pod', name);
  return (status.podIPs ?? []).map(({ ip }) => ip);
};

/** Returns the number of restarts of its containers. */
export const restartsOf = async ({ namespace, name }: PodRef): Promise<number> => {
  const { status } = await get<PodStatus>('-n', namespace, 'pod', name);
  return (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
};

export interface NodeView {
  readonly name: string;
  readonly ips: readonly string[];
}

interface NodeListView {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly taints?: readonly object[] };
    readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
  }[];
}

/** Returns nodes that accept any pod, sorted by name. @throws Error if there are fewer than two */
export const workers = async (): Promise<readonly [NodeView, NodeView, ...NodeView[]]> => {
  const { items } = await get<NodeListView>('nodes');
  const [first, second, ...others] = items
    .filter(({ spec }) => (spec.taints ?? []).length === 0)
    .map(({ metadata, status }) => ({
      name: metadata.name,
      ips: status.addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
    }));
  if (first === undefined || second === undefined) throw new Error('these specs need two nodes without taints');
  return [first, second, ...others];
};
