import { apply, get, kubectl } from './kubectl.ts';
import { namespaceObject, type PodRef } from './objects.ts';

/** As long as a pod may take until it is ready. */
const READY = '--timeout=120s';

/** Deletes namespaces with all in them; they go in their own time. */
export const closeNamespaces = async (...names: readonly string[]): Promise<void> => {
  await kubectl(['delete', 'namespace', '--ignore-not-found', '--wait=false', ...names]);
};

/** Creates empty namespaces; what an earlier run left is gone first. */
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

/** A pod's addresses, one per family of the cluster. */
export const podIps = async ({ namespace, name }: PodRef): Promise<readonly string[]> => {
  const { status } = await get<PodStatus>('-n', namespace, 'pod', name);
  return (status.podIPs ?? []).map(({ ip }) => ip);
};

/** How often its containers were started again. */
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

/** Nodes that take any pod, in the order of their names. @throws Error where there are not two, as policies need */
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
