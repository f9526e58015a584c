import type { PodEndpoint } from '../model/pod.ts';
import type { Protocol } from '../model/protocol.ts';

/** Whether the pod declares the port under this name. */
export const declares = (pod: PodEndpoint, protocol: Protocol, name: string): boolean =>
  pod.ports.some((port) => port.name === name && port.protocol === protocol);

/** The numbers that the name stands for on the pod: none if it declares no such port, several if containers differ. */
export const resolvePort = (pod: PodEndpoint, protocol: Protocol, name: string): readonly number[] => [
  ...new Set(pod.ports.filter((port) => port.name === name && port.protocol === protocol).map(({ port }) => port)),
];
