/** The API path of a kind's objects. */
interface Served {
  readonly prefix: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const core = (plural: string, namespaced: boolean): Served => ({ prefix: '/api/v1', plural, namespaced });

const group = (name: string, plural: string, namespaced: boolean): Served => ({
  prefix: `/apis/${name}`,
  plural,
  namespaced,
});

/** The kinds that a playground or test creates in its API server. */
const SERVED: ReadonlyMap<string, Served> = new Map([
  ['v1/Namespace', core('namespaces', false)],
  ['v1/Node', core('nodes', false)],
  ['v1/Pod', core('pods', true)],
  ['v1/Service', core('services', true)],
  ['v1/ConfigMap', core('configmaps', true)],
  ['v1/Event', core('events', true)],
  ['v1/Binding', core('bindings', true)],
  ['v1/ServiceAccount', core('serviceaccounts', true)],
  ['networking.k8s.io/v1/NetworkPolicy', group('networking.k8s.io/v1', 'networkpolicies', true)],
  ['discovery.k8s.io/v1/EndpointSlice', group('discovery.k8s.io/v1', 'endpointslices', true)],
  ['rbac.authorization.k8s.io/v1/ClusterRole', group('rbac.authorization.k8s.io/v1', 'clusterroles', false)],
  [
    'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
    group('rbac.authorization.k8s.io/v1', 'clusterrolebindings', false),
  ],
  [
    'apiextensions.k8s.io/v1/CustomResourceDefinition',
    group('apiextensions.k8s.io/v1', 'customresourcedefinitions', false),
  ],
  [
    'policy.networking.k8s.io/v1alpha1/AdminNetworkPolicy',
    group('policy.networking.k8s.io/v1alpha1', 'adminnetworkpolicies', false),
  ],
]);

/** The names of an object that a request's path needs. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Returns the path of the object's collection. @throws Error for a kind that is missing here */
export const collectionPath = ({ apiVersion, kind, metadata }: ObjectRef): string => {
  const served = SERVED.get(`${apiVersion}/${kind}`);
  if (served === undefined) throw new Error(`${apiVersion} ${kind} ${metadata.name}: this kind is not known here`);
  const scope = served.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${served.prefix}${scope}/${served.plural}`;
};

export const objectPath = (ref: ObjectRef): string => `${collectionPath(ref)}/${ref.metadata.name}`;
