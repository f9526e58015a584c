import type { PodEndpoint } from '../model/pod.ts';
import type { Protocol } from '../model/protocol.ts';

/** Reports whether the pod declares a port of this name. */
export const declares = (pod: PodEndpoint, protocol: Protocol, name: string): boolean =>
  pod.ports.some((port) => port.name === name && port.protocol === protocol);

/** Returns the numbers of a port name on a pod: none if it declares no such port, several if its containers differ. */
export const resolvePort = (pod: PodEndpoint, protocol: Protocol, name: string): readonly number[] => [
  ...new Set(pod.ports.filter((port) => port.name === name && port.protocol === protocol).map(({ port }) => port)),
];
