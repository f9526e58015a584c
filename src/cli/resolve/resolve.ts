import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import type { ManifestService } from '../../cluster/manifest/service.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { describePod } from '../../trace/describe.ts';
import { UsageError } from '../verb.ts';
import { findBackends, selects, type ServiceBackends } from './backends.ts';
import type { TargetText } from './target-text.ts';

/** The name of everything that is not a pod or node of the cluster. */
export const OUTSIDE = 'outside';

/** The object in the cluster that a target names. */
export type Endpoint =
  | { readonly kind: 'pods'; readonly pods: readonly PodEndpoint[] }
  | { readonly kind: 'service'; readonly pods: readonly PodEndpoint[]; readonly backends: ServiceBackends }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'outside' };

/** An endpoint, with notes for the reader. */
export interface Resolved {
  readonly endpoint: Endpoint;
  readonly notes: readonly string[];
}

export interface Resolver {
  /**
   * Finds what a target names: a pod, a workload, a Service (by name, DNS name, ClusterIP, external address or node port), an
   * address, or `outside`.
   *
   * @param home the namespace of names without one
   * @throws UsageError if the input has no such object
   */
  resolve(target: TargetText, home: string | undefined): Resolved;
}

/** Kinds of workloads by kubectl's names and short names. */
const KIND_OF_ALIAS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Pod: ['po', 'pod', 'pods'],
    Service: ['svc', 'service', 'services'],
    Deployment: ['deploy', 'deployment', 'deployments', 'deployment.apps'],
    StatefulSet: ['sts', 'statefulset', 'statefulsets', 'statefulset.apps'],
    DaemonSet: ['ds', 'daemonset', 'daemonsets', 'daemonset.apps'],
    ReplicaSet: ['rs', 'replicaset', 'replicasets'],
    Job: ['job', 'jobs'],
    CronJob: ['cj', 'cronjob', 'cronjobs'],
  }).flatMap(([kind, aliases]) => aliases.map((alias): [string, string] => [alias, kind])),
);

/** `api.shop`, `api.shop.svc`, `api.shop.svc.cluster.local`, each optionally with a pod of a StatefulSet in front. */
const DNS_NAME =
  /^(?:(?<pod>[a-z0-9-]+)\.)?(?<name>[a-z0-9-]+)\.(?<namespace>[a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+)?)?\.?$/;

const MOST_LISTED = 8;

const listed = (names: readonly string[]): string =>
  names.length > MOST_LISTED
    ? `${names.slice(0, MOST_LISTED).join(', ')} and ${names.length - MOST_LISTED} more`
    : names.join(', ');

interface NamePart {
  readonly kind: string | undefined;
  readonly namespace: string;
  readonly name: string;
}

/** @param pods pods with addresses, sorted */
export const createResolver = (loaded: LoadedManifests, pods: readonly PodEndpoint[]): Resolver => {
  const { services, podOrigins, ignored, snapshot } = loaded;
  const hostAddresses = new Set([...snapshot.pods.values()].flatMap(({ hostIPs }) => hostIPs));

  const serviceEndpoint = (service: ManifestService, nodePort?: number): Resolved => {
    const backends = findBackends(service, pods, ignored, nodePort);
    const behind = pods.filter((pod) => pod.ips.some((ip) => backends.ips.has(ip)));
    const where = `Service ${service.namespace}/${service.name}`;
    const notes = [
      ...(behind.length === 0 ? [`${where} has no pod of the input behind it`] : []),
      ...(nodePort !== undefined && !service.keepsSource
        ? [`through another node than the pod's own, the source is that node's address (externalTrafficPolicy Cluster)`]
        : []),
    ];
    return { endpoint: { kind: 'service', pods: behind, backends }, notes };
  };

  const serviceNamed = ({ namespace, name }: NamePart): ManifestService | undefined =>
    services.find((service) => service.namespace === namespace && service.name === name);

  const podsNamed = ({ kind, namespace, name }: NamePart): readonly PodEndpoint[] => {
    const inNamespace = pods.filter((pod) => pod.namespace === namespace);
    const exact = kind === undefined || kind === 'Pod' ? inNamespace.filter((pod) => pod.name === name) : [];
    if (exact.length > 0) return exact;
    return inNamespace.filter((pod) => {
      const owner = podOrigins.get(pod.uid)?.owner;
      return owner?.name === name && (kind === undefined || owner.kind === kind);
    });
  };

  const named = (part: NamePart): Resolved | undefined => {
    const found = part.kind === 'Service' ? [] : podsNamed(part);
    if (found.length > 0) return { endpoint: { kind: 'pods', pods: found }, notes: [] };
    const service = part.kind === undefined || part.kind === 'Service' ? serviceNamed(part) : undefined;
    return service === undefined ? undefined : serviceEndpoint(service);
  };

  const isNamespace = (name: string): boolean => snapshot.namespaces.has(name);

  /** Returns the possible meanings of a name with slashes, the likelier first. */
  const partsOf = (text: string, home: string | undefined): readonly NamePart[] => {
    const [first = '', second, third] = text.split('/');
    if (third !== undefined && second !== undefined) {
      const kind = KIND_OF_ALIAS.get(first.toLowerCase());
      return kind === undefined ? [] : [{ kind, namespace: second, name: third }];
    }
    if (second === undefined) return home === undefined ? [] : [{ kind: undefined, namespace: home, name: first }];
    const kind = KIND_OF_ALIAS.get(first.toLowerCase());
    const plain = { kind: undefined, namespace: first, name: second };
    return kind === undefined || isNamespace(first) || home === undefined
      ? [plain]
      : [{ kind, namespace: home, name: second }, plain];
  };

  const byDnsName = (text: string): Resolved | undefined => {
    const { pod, name = '', namespace = '' } = DNS_NAME.exec(text)?.groups ?? {};
    const service = serviceNamed({ kind: 'Service', namespace, name });
    if (service === undefined) return undefined;
    if (pod === undefined) return serviceEndpoint(service);
    const one = pods.filter((each) => each.name === pod && each.namespace === namespace && selects(service, each));
    return one.length === 0 ? undefined : { endpoint: { kind: 'pods', pods: one }, notes: [] };
  };

  const byAddress = ({ name: address, port }: TargetText): Resolved => {
    const service = services.find(({ clusterIPs, externalIPs }) => [...clusterIPs, ...externalIPs].includes(address));
    if (service !== undefined) return serviceEndpoint(service);
    const served = services.find(({ ports }) => port !== undefined && ports.some(({ nodePort }) => nodePort === port));
    if (hostAddresses.has(address) && served !== undefined) return serviceEndpoint(served, port);
    const isKnown = hostAddresses.has(address) || pods.some(({ ips }) => ips.includes(address));
    return {
      endpoint: { kind: 'address', address },
      notes: isKnown
        ? []
        : [`${address} is no pod, Service or node of the input: it is judged as an address outside the cluster`],
    };
  };

  const unknown = ({ text, name }: TargetText, home: string | undefined): UsageError => {
    const isBare = !name.includes('/') && !name.includes('.') && home === undefined;
    const hint = isBare ? `; ${name} needs a namespace: NAMESPACE/${name} or -n NAMESPACE` : '';
    const there = listed([
      ...pods.map(describePod),
      ...services.map((service) => `svc/${service.namespace}/${service.name}`),
    ]);
    return new UsageError(
      `${text} is no pod, workload, Service, address or "${OUTSIDE}" of the input${hint}; there are: ${there}`,
    );
  };

  return {
    resolve(target, home) {
      if (target.name === OUTSIDE) return { endpoint: { kind: 'outside' }, notes: [] };
      if (target.isAddress) return byAddress(target);
      for (const part of partsOf(target.name, home)) {
        const found = named(part);
        if (found !== undefined) return found;
      }
      const found = byDnsName(target.name);
      if (found === undefined) throw unknown(target, home);
      return found;
    },
  };
};
