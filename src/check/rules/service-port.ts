import type { FieldPath } from '../../model/field-path.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { PortSpec } from '../../policy/parsed.ts';
import type { Observation } from '../rule.ts';
import type { CheckedCluster, CheckedService } from '../subject.ts';
import { describePort } from './coverage.ts';

type ServicePort = CheckedService['ports'][number];

/** A port of a Service, and of the pods behind it. */
interface Behind {
  readonly service: CheckedService;
  readonly target: number | string;
}

const isBehind = (pod: PodEndpoint, { namespace, selector }: CheckedService): boolean =>
  pod.namespace === namespace &&
  selector.size > 0 &&
  [...selector].every(([key, value]) => pod.labels.get(key) === value);

const isPort = (port: PortSpec, { protocol, port: number, name }: ServicePort): boolean =>
  protocol === port.protocol &&
  (port.kind === 'named' ? name === port.name : port.from === number && port.to === number);

const isSame = (port: PortSpec, target: number | string): boolean =>
  port.kind === 'named' ? port.name === target : port.from === target;

/** Finds a Service of these pods that has this port, while the pods listen on another one. */
export const findServicePort = (
  port: PortSpec,
  pods: readonly PodEndpoint[],
  { services }: CheckedCluster,
): Behind | undefined => {
  const found = services
    .filter((service) => pods.some((pod) => isBehind(pod, service)))
    .flatMap((service) =>
      service.ports
        .filter((each) => isPort(port, each) && !isSame(port, each.targetPort))
        .map(({ targetPort }) => ({ service, target: targetPort })),
    );
  return found[0];
};

/** A Service's port in place of the pod's: policies apply after the Service has chosen a pod and its port. */
export const servicePort = (port: PortSpec, field: FieldPath, { service, target }: Behind): Observation => ({
  code: 'service-port',
  field,
  message: `${describePort(port)} is a port of Service ${service.namespace}/${service.name}; its pods listen on port ${target}, and a policy sees the port of the pod`,
  suggestion: `write port: ${target}`,
  repairs: [{ kind: 'value', field, value: target }],
});
