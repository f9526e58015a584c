import type { ContainerPort } from '../model/pod.ts';
import { PROTOCOLS } from '../model/protocol.ts';
import type { Intern } from './intern.ts';
import { asList, asObject, asText, type RawObject } from './raw.ts';

const NO_PORTS: readonly ContainerPort[] = [];

const trimPort = (value: unknown, intern: Intern): ContainerPort | undefined => {
  const raw = asObject(value);
  const port = raw['containerPort'];
  const protocol = PROTOCOLS.find((known) => known === (raw['protocol'] ?? 'TCP'));
  if (protocol === undefined || typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    return undefined;
  }
  const name = asText(raw['name']);
  return { name: name === undefined || name === '' ? undefined : intern(name), protocol, port };
};

/** Reports whether an init container keeps running beside the others (core/v1 Container.restartPolicy, "sidecar"). */
const isRestartable = (container: unknown): boolean => asObject(container)['restartPolicy'] === 'Always';

/**
 * Returns the ports that a PodSpec's containers declare, in order, then those of restartable init containers. Plain init
 * containers end before the pod serves traffic.
 */
export const trimPorts = (spec: RawObject, intern: Intern): readonly ContainerPort[] => {
  let ports: ContainerPort[] | undefined;
  const take = (container: unknown): void => {
    for (const raw of asList(asObject(container)['ports'])) {
      const port = trimPort(raw, intern);
      if (port !== undefined) (ports ??= []).push(port);
    }
  };
  for (const container of asList(spec['containers'])) take(container);
  for (const container of asList(spec['initContainers'])) if (isRestartable(container)) take(container);
  return ports ?? NO_PORTS;
};
