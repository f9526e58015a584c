import { assemble, type LoadedManifests } from '../../../cluster/manifest/assemble.ts';
import { readManifest } from '../../../cluster/manifest/read-manifest.ts';
import { asList, asObject, asText, type RawObject } from '../../../cluster/raw.ts';
import type { Intern } from '../../../cluster/intern.ts';
import type { AdminClient } from '../../../lab/apiserver/client.ts';
import type { Revisions } from '../agents.ts';
import { without } from './without.ts';

const LISTS = {
  namespaces: { path: '/api/v1/namespaces', kind: 'NamespaceList', apiVersion: 'v1' },
  pods: { path: '/api/v1/pods', kind: 'PodList', apiVersion: 'v1' },
  services: { path: '/api/v1/services', kind: 'ServiceList', apiVersion: 'v1' },
  networkpolicies: {
    path: '/apis/networking.k8s.io/v1/networkpolicies',
    kind: 'NetworkPolicyList',
    apiVersion: 'networking.k8s.io/v1',
  },
  endpointslices: {
    path: '/apis/discovery.k8s.io/v1/endpointslices',
    kind: 'EndpointSliceList',
    apiVersion: 'discovery.k8s.io/v1',
  },
} as const;

type ListName = keyof typeof LISTS;

const LIST_NAMES = Object.keys(LISTS) as readonly ListName[];

/** All objects that the playground shows, as the API server has them. */
export type ClusterState = Readonly<Record<ListName, readonly RawObject[]>>;

/** Removes the server's bookkeeping, which does not matter here and is most of the text. */
const withoutManagedFields = (item: unknown): RawObject => {
  const raw = asObject(item);
  return { ...raw, metadata: without(asObject(raw['metadata']), ['managedFields']) };
};

export const readClusterState = async (admin: AdminClient): Promise<ClusterState> => {
  const list = async (name: ListName): Promise<readonly RawObject[]> =>
    asList(asObject(await admin.get(LISTS[name].path))['items']).map(withoutManagedFields);
  const [namespaces, pods, services, networkpolicies, endpointslices] = await Promise.all([
    list('namespaces'),
    list('pods'),
    list('services'),
    list('networkpolicies'),
    list('endpointslices'),
  ]);
  return { namespaces, pods, services, networkpolicies, endpointslices };
};

/** Returns the objects as if they had been read from manifests. */
export const manifestsOf = (state: ClusterState, intern: Intern): LoadedManifests => {
  const contents = LIST_NAMES.map((name) => {
    const { kind, apiVersion } = LISTS[name];
    return readManifest(JSON.stringify({ apiVersion, kind, items: state[name] }), LISTS[name].path);
  });
  return assemble(contents, 1, intern);
};

const newest = (items: readonly RawObject[]): string =>
  String(Math.max(0, ...items.map((item) => Number(asText(asObject(item['metadata'])['resourceVersion']) ?? 0))));

/** Returns the minimum revisions that agents report once they enforce this state. */
export const revisionsOf = ({ pods, namespaces, networkpolicies }: ClusterState): Revisions => ({
  pods: newest(pods),
  namespaces: newest(namespaces),
  networkpolicies: newest(networkpolicies),
});
