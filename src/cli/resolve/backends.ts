import type { ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import type { ManifestService, ServicePort } from '../../cluster/manifest/service.ts';
import { endpointsOfService } from '../../cluster/manifest/service-slice.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { UsageError } from '../verb.ts';
import type { ProtocolPort } from './target-text.ts';

/** Reports whether a Service's selector has a pod. */
export const selects = (service: ManifestService, pod: PodEndpoint): boolean =>
  service.selector.size > 0 &&
  pod.namespace === service.namespace &&
  [...service.selector].every(([key, value]) => pod.labels.get(key) === value);

/** An address and port that a Service sends packets to. */
export interface Backend {
  readonly ip: string;
  readonly port: number;
}

/** Returns the backends of a Service's port among the pods that it selects; skips pods that do not declare a named port. */
export const backendsAt = (
  { protocol, targetPort }: Pick<ServicePort, 'protocol' | 'targetPort'>,
  pods: readonly PodEndpoint[],
): readonly Backend[] =>
  pods.flatMap((pod) => {
    const port =
      typeof targetPort === 'number'
        ? targetPort
        : pod.ports.find((declared) => declared.name === targetPort && declared.protocol === protocol)?.port;
    return port === undefined ? [] : pod.ips.map((ip) => ({ ip, port }));
  });

/** Where the ports of one Service lead. Policies see packets after the Service has chosen a pod. */
export interface ServiceBackends {
  /** `Service store-back/api`. */
  readonly name: string;
  /** Addresses behind any of its ports. */
  readonly ips: ReadonlySet<string>;
  /** Its only port; undefined if it has several. */
  readonly onlyPort: ProtocolPort | undefined;
  /** @throws UsageError if the Service does not have that port */
  behind(target: ProtocolPort): readonly Backend[];
}

const describePorts = (ports: readonly ServicePort[]): string =>
  ports
    .map(({ protocol, port, targetPort, nodePort }) => {
      const outer = nodePort === undefined ? '' : `, node port ${nodePort}`;
      return `${protocol} ${port} (→ ${targetPort}${outer})`;
    })
    .join(', ');

/**
 * Finds the backends of a Service: from its EndpointSlices if the input has any, otherwise from its selector.
 *
 * @param objects the objects that are searched for EndpointSlices
 * @param nodePort the node's port of the Service; undefined for the Service's own ports
 */
export const findBackends = (
  service: ManifestService,
  pods: readonly PodEndpoint[],
  objects: readonly ManifestObject[],
  nodePort: number | undefined,
): ServiceBackends => {
  const name = `Service ${service.namespace}/${service.name}`;
  const slices = endpointsOfService(objects, service);
  const selected = pods.filter((pod) => selects(service, pod));

  const backendsOf = ({ name: portName, protocol, targetPort }: ServicePort): readonly Backend[] => {
    if (slices !== undefined) {
      return slices.filter((each) => each.portName === (portName ?? '') && each.protocol === protocol);
    }
    return backendsAt({ protocol, targetPort }, selected);
  };

  const [first, ...others] = service.ports;
  return {
    name,
    ips: new Set(service.ports.flatMap(backendsOf).map(({ ip }) => ip)),
    onlyPort:
      first === undefined || others.length > 0 ? undefined : { protocol: first.protocol, port: nodePort ?? first.port },
    behind({ protocol, port }) {
      const served = service.ports.find(
        (each) => each.protocol === protocol && (nodePort === undefined ? each.port : each.nodePort) === port,
      );
      if (served === undefined) {
        throw new UsageError(
          `${name} does not serve ${protocol} ${port}; it serves ${describePorts(service.ports) || 'no port'}`,
        );
      }
      return backendsOf(served);
    },
  };
};

/**
 * Reports a port that is a Service's while the pods declare another one: the most common mistake in such questions.
 * @returns undefined if there is nothing to report
 */
export const servicePortOf = (
  services: readonly ManifestService[],
  pods: readonly PodEndpoint[],
  { protocol, port }: ProtocolPort,
): string | undefined => {
  const isDeclared = pods.some(({ ports }) => ports.some((each) => each.protocol === protocol && each.port === port));
  if (isDeclared) return undefined;
  for (const service of services) {
    const served = service.ports.find((each) => each.protocol === protocol && each.port === port);
    if (served === undefined || served.targetPort === port || !pods.some((pod) => selects(service, pod))) continue;
    const name = `${service.namespace}/${service.name}`;
    return (
      `${protocol} ${port} is the port of Service ${name}, whose pods listen on ${served.targetPort}: ` +
      `ask with --to svc/${name}, or with the port of the pods`
    );
  }
  return undefined;
};
