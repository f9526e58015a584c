import type { ContainerPort, PodEndpoint } from '../model/pod.ts';
import { PROTOCOLS } from '../model/protocol.ts';
import type { Intern } from './intern.ts';
import { asList, asObject, asText, type RawObject } from './raw.ts';
import { onePerFamily } from './address.ts';
import { trimReadiness } from './condition/enforced-condition.ts';
import { workloadName } from './owner-reference.ts';
import { sameLabels, trimLabels } from './trim-labels.ts';

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
const trimPorts = (spec: RawObject, intern: Intern): readonly ContainerPort[] => {
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

/** Returns `status.podIPs` or `hostIPs`, or the older single field if the list is missing. */
const addresses = (list: unknown, single: unknown): readonly string[] => {
  const listed = asList(list).map((entry) => asText(asObject(entry)['ip']));
  const texts = listed.length > 0 ? listed : [asText(single)];
  return onePerFamily(texts.filter((text) => text !== undefined));
};

/** Reports whether the containers ended for good (core/v1 PodPhase): another pod may already have the address. */
const hasFinished = (status: RawObject): boolean => status['phase'] === 'Succeeded' || status['phase'] === 'Failed';

/** Returns the time in ms since the epoch. JSON has RFC 3339, protobuf has ms already. */
const creationTime = (timestamp: unknown): number => {
  if (typeof timestamp === 'number') return timestamp;
  const ms = Date.parse(asText(timestamp) ?? '');
  return Number.isNaN(ms) ? 0 : ms;
};

/** Reports whether a timestamp is set. JSON has text, protobuf has ms or null. */
const isSet = (timestamp: unknown): boolean =>
  typeof timestamp === 'number' || (typeof timestamp === 'string' && timestamp !== '');

/** Returns `metadata.uid`, or `namespace/name` for a pod of a manifest. Undefined for anything but a Pod. */
export const podUid = (raw: RawObject): string | undefined => {
  const metadata = asObject(raw['metadata']);
  const uid = asText(metadata['uid']);
  if (uid !== undefined && uid !== '') return uid;
  const namespace = asText(metadata['namespace']);
  const name = asText(metadata['name']);
  return namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`;
};

const samePort = (one: ContainerPort, other: ContainerPort | undefined): boolean =>
  one.name === other?.name && one.protocol === other?.protocol && one.port === other.port;

const equalPorts = (one: readonly ContainerPort[], other: readonly ContainerPort[]): boolean =>
  one.length === other.length && one.every((port, index) => samePort(port, other[index]));

/**
 * Returns the parts of a v1 Pod that policy depends on; undefined for a finished pod and for anything but a Pod. A
 * terminating pod (deletionTimestamp) is kept until it is gone, since it still has its address.
 *
 * @param neighbour the pod before it in the list, often of the same workload; equal parts are shared with it
 */
export const trimPod = (raw: RawObject, intern: Intern, neighbour?: PodEndpoint): PodEndpoint | undefined => {
  const metadata = asObject(raw['metadata']);
  const spec = asObject(raw['spec']);
  const status = asObject(raw['status']);
  const uid = podUid(raw);
  const namespace = asText(metadata['namespace']);
  const name = asText(metadata['name']);
  if (uid === undefined || namespace === undefined || name === undefined || hasFinished(status)) return undefined;
  const ports = trimPorts(spec, intern);
  const workload = workloadName(metadata);
  return {
    uid,
    namespace: intern(namespace),
    name,
    node: intern(asText(spec['nodeName']) ?? ''),
    labels: trimLabels(metadata['labels'], intern, neighbour?.labels),
    ips: addresses(status['podIPs'], status['podIP']),
    hostIPs: addresses(status['hostIPs'], status['hostIP']).map(intern),
    hostNetwork: spec['hostNetwork'] === true,
    ports: neighbour !== undefined && equalPorts(ports, neighbour.ports) ? neighbour.ports : ports,
    ...(workload === undefined ? {} : { workload: intern(workload) }),
    createdAt: creationTime(metadata['creationTimestamp']),
    ...(isSet(metadata['deletionTimestamp']) ? { isTerminating: true } : {}),
    ...trimReadiness(spec, status),
  };
};

const sameTexts = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, index) => text === other[index]);

/**
 * Reports whether pods are equal. Our own condition does not count: it affects no policy, and would wake every agent of
 * the cluster. That the controller took it back counts, because the pod's agent has to write it again.
 */
export const samePod = (one: PodEndpoint, other: PodEndpoint): boolean =>
  one.uid === other.uid &&
  one.namespace === other.namespace &&
  one.name === other.name &&
  one.node === other.node &&
  one.hostNetwork === other.hostNetwork &&
  one.createdAt === other.createdAt &&
  one.isTerminating === other.isTerminating &&
  one.isDoubted === other.isDoubted &&
  sameTexts(one.ips, other.ips) &&
  sameTexts(one.hostIPs, other.hostIPs) &&
  equalPorts(one.ports, other.ports) &&
  sameLabels(one.labels, other.labels);
