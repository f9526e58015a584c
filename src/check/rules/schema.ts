/** The fields of an object of a NetworkPolicy (networking.k8s.io/v1); undefined: what holds no further object. */
export interface Level {
  readonly fields: Readonly<Record<string, Level | undefined>>;
}

const leaves = (...names: readonly string[]): Level => ({
  fields: Object.fromEntries(names.map((name) => [name, undefined])),
});

/** A map with keys of people's own. */
export const LABELS: Level = { fields: {} };

const SELECTOR: Level = { fields: { matchLabels: LABELS, matchExpressions: leaves('key', 'operator', 'values') } };

const PEER: Level = {
  fields: { podSelector: SELECTOR, namespaceSelector: SELECTOR, ipBlock: leaves('cidr', 'except') },
};

const PORT = leaves('protocol', 'port', 'endPort');

export const SPEC: Level = {
  fields: {
    podSelector: SELECTOR,
    policyTypes: undefined,
    ingress: { fields: { from: PEER, ports: PORT } },
    egress: { fields: { to: PEER, ports: PORT } },
  },
};

/** metav1.ObjectMeta. */
export const METADATA: Level = {
  fields: {
    ...leaves('name', 'namespace', 'generateName', 'uid', 'resourceVersion', 'generation', 'creationTimestamp').fields,
    ...leaves('deletionTimestamp', 'deletionGracePeriodSeconds', 'finalizers', 'selfLink').fields,
    labels: LABELS,
    annotations: LABELS,
    ownerReferences: undefined,
    managedFields: undefined,
  },
};

/** The whole object. Kubernetes 1.24 to 1.27 wrote a `status`. */
export const POLICY: Level = {
  fields: { apiVersion: undefined, kind: undefined, metadata: METADATA, spec: SPEC, status: undefined },
};
