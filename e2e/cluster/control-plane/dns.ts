import { COREDNS_IMAGE } from '../images/names.ts';
import type { ClusterPlan } from '../plan.ts';

const NAME = 'coredns';
const NAMESPACE = 'kube-system';
/** Labels by which policies and the DNS tests of Kubernetes find it. */
const LABELS = { 'k8s-app': 'kube-dns' };

/** Names of the cluster only: there is nothing outside to forward to. */
const COREFILE = `.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 5
    }
    cache 5
    loadbalance
}
`;

const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: NAMESPACE } };

const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: NAME },
  rules: [
    { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ],
};

const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: NAME },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
  subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }],
};

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: NAME, namespace: NAMESPACE },
  data: { Corefile: COREFILE },
};

const container = {
  name: NAME,
  image: COREDNS_IMAGE,
  imagePullPolicy: 'Never',
  args: ['-conf', '/etc/coredns/Corefile'],
  ports: [
    { name: 'dns', containerPort: 53, protocol: 'UDP' },
    { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
  ],
  livenessProbe: { httpGet: { path: '/health', port: 8080 }, periodSeconds: 10 },
  readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
  volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
};

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
  spec: {
    replicas: 1,
    selector: { matchLabels: LABELS },
    template: {
      metadata: { labels: LABELS },
      spec: {
        serviceAccountName: NAME,
        priorityClassName: 'system-cluster-critical',
        dnsPolicy: 'Default',
        tolerations: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
        containers: [container],
        volumes: [{ name: 'config', configMap: { name: NAME } }],
      },
    },
  },
};

const service = (plan: ClusterPlan): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kube-dns', namespace: NAMESPACE, labels: LABELS },
  spec: {
    selector: LABELS,
    clusterIP: plan.dnsServiceIps[0],
    clusterIPs: plan.dnsServiceIps,
    ipFamilyPolicy: plan.families.length > 1 ? 'RequireDualStack' : 'SingleStack',
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ],
  },
});

/** Returns the objects with which CoreDNS answers at the cluster's DNS addresses. */
export const dnsObjects = (plan: ClusterPlan): readonly object[] => [
  account,
  role,
  binding,
  configMap,
  deployment,
  service(plan),
];

/** Arguments of `kubectl rollout status`. */
export const DNS_ROLLOUT = ['--namespace', NAMESPACE, `deployment/${NAME}`];
