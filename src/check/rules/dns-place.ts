import type { Labels } from '../../model/labels.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { PeerSpec, PortSpec } from '../../policy/parsed.ts';
import { declares } from '../../policy/pod-ports.ts';
import { selects } from '../../policy/selector.ts';
import { type CheckedCluster, podsIn } from '../subject.ts';
import { namespacesOf } from './peer.ts';
import { NAME_LABEL } from '../../model/namespace.ts';

/** 53, and 5353, on which OpenShift's pods listen. */
const DNS_PORTS: readonly number[] = [53, 5353];

/** The address on which NodeLocal DNSCache listens on every node (kubernetes.io: Using NodeLocal DNSCache). */
export const NODE_LOCAL_ADDRESS = '169.254.20.10';

/** Pods that answer DNS queries of the cluster. */
interface DnsPlace {
  readonly namespace: string;
  readonly labels: Labels;
}

/** CoreDNS and kube-dns as they are usually installed. */
export const USUAL_DNS: DnsPlace = { namespace: 'kube-system', labels: new Map([['k8s-app', 'kube-dns']]) };

/** The name servers of usual installations, and OpenShift's. */
const USUAL: readonly DnsPlace[] = [
  USUAL_DNS,
  { namespace: 'openshift-dns', labels: new Map([['dns.operator.openshift.io/daemonset-dns', 'default']]) },
];

const isNameServer = ({ labels, hostNetwork }: PodEndpoint): boolean =>
  !hostNetwork &&
  (['kube-dns', 'coredns'].includes(labels.get('k8s-app') ?? '') ||
    labels.get('app.kubernetes.io/name') === 'coredns' ||
    labels.has('dns.operator.openshift.io/daemonset-dns'));

const nameServers = new WeakMap<CheckedCluster, readonly PodEndpoint[]>();

/** Returns the cluster's name servers that the input has. */
export const nameServersIn = (cluster: CheckedCluster): readonly PodEndpoint[] => {
  const known = nameServers.get(cluster) ?? cluster.pods.filter(isNameServer);
  nameServers.set(cluster, known);
  return known;
};

/** NodeLocal DNSCache is on the host network, so no selector of a policy can select it. */
export const findNodeLocal = ({ pods }: CheckedCluster): PodEndpoint | undefined =>
  pods.find(({ labels, hostNetwork }) => hostNetwork && labels.get('k8s-app') === 'node-local-dns');

/** Reports whether a port serves DNS over that protocol; a range from 1 to 65535 does. */
export const asksDns = (port: PortSpec, protocol: 'TCP' | 'UDP'): boolean =>
  port.protocol === protocol &&
  (port.kind === 'named'
    ? port.name.startsWith('dns')
    : DNS_PORTS.some((number) => port.from <= number && number <= port.to));

/** Reports whether a rule names a port because of DNS: it is neither every port nor a wide range. */
export const isDnsPort = (port: PortSpec): boolean =>
  (asksDns(port, 'UDP') || asksDns(port, 'TCP')) && (port.kind === 'named' || port.to - port.from < 1_000);

const selectsPlace = (
  { podSelector, namespaceSelector }: Extract<PeerSpec, { kind: 'pods' }>,
  own: string,
  { namespaces, declared }: CheckedCluster,
  { namespace, labels }: DnsPlace,
  arePodsKnown: boolean,
): boolean => {
  const asksOther = namespaceSelector?.requirements.some(({ key }) => key !== NAME_LABEL) === true;
  const inNamespace =
    namespaceSelector === undefined
      ? own === namespace
      : // Labels of a namespace that the input does not have as an object are unknown.
        (asksOther && !declared.includes(namespace)) ||
        selects(namespaceSelector, namespaces.get(namespace) ?? new Map([[NAME_LABEL, namespace]]));
  if (!inNamespace || podSelector === undefined) return inNamespace;
  // Installations label CoreDNS in many ways: accept an unknown label in the right namespace.
  return selects(podSelector, labels) || (!arePodsKnown && own !== namespace && namespaceSelector !== undefined);
};

/**
 * Reports whether a peer may be a name server: one of the cluster, one of the input that declares the port, or any
 * address.
 */
export const canBeDns = (peer: PeerSpec, own: string, cluster: CheckedCluster): boolean => {
  // The addresses of name servers outside the cluster cannot be known.
  if (peer.kind === 'ipBlock') return true;
  const known = nameServersIn(cluster);
  const places = known.length > 0 ? known : USUAL;
  if (places.some((place) => selectsPlace(peer, own, cluster, place, known.length > 0))) return true;
  const { podSelector } = peer;
  return podsIn(namespacesOf(peer, own, cluster), cluster).some(
    (pod) =>
      (podSelector === undefined || selects(podSelector, pod.labels)) &&
      (pod.ports.some(({ protocol, port }) => protocol === 'UDP' && DNS_PORTS.includes(port)) ||
        declares(pod, 'UDP', 'dns')),
  );
};
