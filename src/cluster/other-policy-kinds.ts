/** A kind that decides who reaches whom if another program enforces it. */
interface OtherPolicyKind {
  readonly kind: string;
  readonly group: string;
  /** The plural in the API's paths. */
  readonly resource: string;
}

/**
 * API groups of projects with policies of their own, and their kinds. Antrea has the names before and after it left VMware,
 * Calico the stored form and the form of its API server.
 */
const BY_GROUP: Readonly<Record<string, readonly string[]>> = {
  'policy.networking.k8s.io': ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'],
  'crd.projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy'],
  'projectcalico.org': ['NetworkPolicy', 'GlobalNetworkPolicy'],
  'cilium.io': ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'],
  'crd.antrea.io': ['NetworkPolicy', 'ClusterNetworkPolicy'],
  'security.antrea.tanzu.vmware.com': ['NetworkPolicy', 'ClusterNetworkPolicy'],
  'k8s.cni.cncf.io': ['MultiNetworkPolicy'],
  'networking.k8s.aws': ['ApplicationNetworkPolicy', 'ClusterNetworkPolicy'],
  'networking.gke.io': ['FQDNNetworkPolicy'],
  'k8s.ovn.org': ['EgressFirewall'],
  'network.openshift.io': ['EgressNetworkPolicy'],
};

const IRREGULAR: Readonly<Record<string, string>> = { MultiNetworkPolicy: 'multi-networkpolicies' };

const pluralOf = (kind: string): string =>
  IRREGULAR[kind] ?? (kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`).toLowerCase();

export const OTHER_POLICY_KINDS: readonly OtherPolicyKind[] = Object.entries(BY_GROUP).flatMap(([group, kinds]) =>
  kinds.map((kind) => ({ kind, group, resource: pluralOf(kind) })),
);

/** Kubernetes' own groups; extensions/v1beta1 had NetworkPolicy before networking.k8s.io. */
const OWN_GROUPS: readonly string[] = ['networking.k8s.io', 'extensions'];

/** Reports whether the kind is a draft of Calico, which no engine enforces. */
const isDraft = (kind: string): boolean => kind.startsWith('Staged');

/**
 * Returns the group if the kind is another project's policy: a known kind, or one of a domain that bears the project's
 * name.
 */
export const groupOfOtherPolicy = (apiVersion: string, kind: string): string | undefined => {
  const [group = '', version] = apiVersion.split('/');
  if (version === undefined || !group.includes('.') || OWN_GROUPS.includes(group)) return undefined;
  const isKnown = BY_GROUP[group]?.includes(kind) === true;
  return isKnown || (kind.endsWith('NetworkPolicy') && !isDraft(kind)) ? group : undefined;
};
