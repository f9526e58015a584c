/** How a kind is used. */
export type KindUse = 'pod' | 'namespace' | 'policy' | 'workload' | 'service' | 'ignored';

const APPS = 'apps/v1';
const BATCH = 'batch/v1';

/** Kinds that affect who reaches whom, each with the apiVersions that serve it. */
const USED: ReadonlyMap<string, { readonly use: KindUse; readonly apiVersions: readonly string[] }> = new Map([
  ['Pod', { use: 'pod', apiVersions: ['v1'] }],
  ['Namespace', { use: 'namespace', apiVersions: ['v1'] }],
  ['NetworkPolicy', { use: 'policy', apiVersions: ['networking.k8s.io/v1'] }],
  ['Service', { use: 'service', apiVersions: ['v1'] }],
  ['ReplicationController', { use: 'workload', apiVersions: ['v1'] }],
  ['Deployment', { use: 'workload', apiVersions: [APPS] }],
  ['StatefulSet', { use: 'workload', apiVersions: [APPS] }],
  ['DaemonSet', { use: 'workload', apiVersions: [APPS] }],
  ['ReplicaSet', { use: 'workload', apiVersions: [APPS] }],
  ['Job', { use: 'workload', apiVersions: [BATCH] }],
  ['CronJob', { use: 'workload', apiVersions: [BATCH] }],
]);

/** Other kinds of Kubernetes: they do not matter to policy, and are no mistake. */
const IGNORED = new Set(
  [
    'APIService CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle ComponentStatus ConfigMap',
    'ControllerRevision CSIDriver CSINode CSIStorageCapacity CustomResourceDefinition DeviceClass Endpoints EndpointSlice',
    'Event FlowSchema HorizontalPodAutoscaler IPAddress Ingress IngressClass Lease LimitRange MutatingAdmissionPolicy',
    'MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Node PersistentVolume PersistentVolumeClaim',
    'PodDisruptionBudget PodTemplate PriorityClass PriorityLevelConfiguration ResourceClaim ResourceClaimTemplate',
    'ResourceQuota ResourceSlice Role RoleBinding RuntimeClass Secret ServiceAccount ServiceCIDR StorageClass',
    'StorageVersionMigration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration',
    'VolumeAttachment VolumeAttributesClass',
    // Kustomize reads it from the same folders.
    'Kustomization Component',
  ].flatMap((line) => line.split(' ')),
);

/**
 * Reports whether the group is of a custom resource: it has a domain. Groups directly under k8s.io are Kubernetes' own
 * (networking.k8s.io) with few exceptions; Kubernetes itself does not serve policy.networking.k8s.io and the like.
 */
const isCustomGroup = (apiVersion: string): boolean => {
  const [group = '', version] = apiVersion.split('/');
  if (version === undefined || !group.includes('.')) return false;
  return !/^[a-z]+\.(?:authentication\.|authorization\.)?k8s\.io$/.test(group) || CUSTOM_UNDER_K8S_IO.has(group);
};

/** Groups of other projects that look like Kubernetes' own. */
const CUSTOM_UNDER_K8S_IO = new Set(['metrics.k8s.io', 'snapshot.storage.k8s.io', 'config.k8s.io']);

const sameButCase = (kind: string): string | undefined =>
  [...USED.keys(), ...IGNORED].find((known) => known.toLowerCase() === kind.toLowerCase());

/** Returns the use of an object, or a message that says why it is taken for a mistake. */
export const useOfKind = (apiVersion: string, kind: string): { use: KindUse } | { mistake: string } => {
  const used = USED.get(kind);
  if (used?.apiVersions.includes(apiVersion)) return { use: used.use };
  if (isCustomGroup(apiVersion)) return { use: 'ignored' };
  if (used !== undefined) {
    return { mistake: `${kind} has apiVersion ${used.apiVersions.join(' or ')}, not ${JSON.stringify(apiVersion)}` };
  }
  if (IGNORED.has(kind)) return { use: 'ignored' };
  const meant = sameButCase(kind);
  return { mistake: `unknown kind ${JSON.stringify(kind)}${meant === undefined ? '' : `; is ${meant} meant?`}` };
};
