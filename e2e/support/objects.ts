import { AGNHOST_IMAGE } from '../cluster/images/names.ts';

export type Labels = Readonly<Record<string, string>>;

/** The name of a pod. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
}

export interface PodSpec extends PodRef {
  readonly labels?: Labels;
  readonly node?: string;
  readonly hostNetwork?: boolean;
  /** HTTP and UDP on this port; 8080 if absent. */
  readonly port?: number;
  /** Further fields of the only container, such as probes. */
  readonly container?: object;
  /** Further fields of the pod's spec. */
  readonly spec?: object;
}

export const DEFAULT_PORT = 8080;

export const namespaceObject = (name: string, labels: Labels = {}): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

/** Returns a pod that answers on its port, and in which curl can run. */
export const podObject = ({
  namespace,
  name,
  labels = {},
  node,
  hostNetwork,
  port,
  container,
  spec,
}: PodSpec): object => {
  const serves = port ?? DEFAULT_PORT;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      ...(hostNetwork === undefined ? {} : { hostNetwork }),
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'server',
          image: AGNHOST_IMAGE,
          args: ['netexec', `--http-port=${serves}`, `--udp-port=${serves}`],
          ports: [{ containerPort: serves }],
          readinessProbe: { httpGet: { path: '/healthz', port: serves }, periodSeconds: 1 },
          ...container,
        },
      ],
      ...spec,
    },
  };
};

export interface ServiceSpec {
  readonly namespace: string;
  readonly name: string;
  readonly selector: Labels;
  /** `headless` has no ClusterIP: its name resolves to the pods. */
  readonly kind?: 'ClusterIP' | 'NodePort' | 'headless';
  readonly targetPort?: number;
}

/** Returns a Service on port 80, with an address of each family that the cluster has. */
export const serviceObject = ({ namespace, name, selector, kind, targetPort }: ServiceSpec): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: {
    selector,
    ipFamilyPolicy: 'PreferDualStack',
    ...(kind === 'headless' ? { clusterIP: 'None' } : { type: kind ?? 'ClusterIP' }),
    ports: [{ port: 80, targetPort: targetPort ?? DEFAULT_PORT }],
  },
});

/** Returns a NetworkPolicy; `spec` as in networking.k8s.io/v1. */
export const policyObject = (namespace: string, name: string, spec: object): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace, name },
  spec,
});

/** Returns a policy that isolates every pod of a namespace in both directions. */
export const denyAll = (namespace: string): object =>
  policyObject(namespace, 'default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });

/** Returns a policy that isolates every pod of a namespace for ingress. */
export const denyIngress = (namespace: string): object =>
  policyObject(namespace, 'default-deny-ingress', { podSelector: {}, policyTypes: ['Ingress'] });
