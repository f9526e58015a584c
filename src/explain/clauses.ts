import type { LabelRequirement, Labels } from '../model/labels.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { type Cidr, covers, familyOf, formatCidr, parseAddress } from '../policy/cidr.ts';
import { MAX_PORT } from '../policy/parse-port.ts';
import type { PeerSpec, PortSpec } from '../policy/parsed.ts';
import { resolvePort } from '../policy/pod-ports.ts';
import { describeSelector, meets } from '../policy/selector.ts';
import { describePod, describeTarget } from '../trace/describe.ts';
import type { Packet } from '../trace/packet.ts';

/** Which part of a rule a packet can fail at. */
export type ClauseKind =
  | 'namespace'
  | 'namespace label'
  | 'pod label'
  | 'pod'
  | 'ipBlock'
  | 'ipBlock except'
  | 'protocol'
  | 'port'
  | 'endPort'
  | 'named port';

/** A part of a rule that a packet fails at. Plain data, as it is printed. */
export interface Clause {
  readonly kind: ClauseKind;
  /** The condition of the rule: `role=client`, `10.0.0.0/8`, `TCP 80`. */
  readonly wants: string;
  /** The actual state, as a sentence: `shop/web has role=admin`. */
  readonly has: string;
}

/** The end of a packet that a rule's peers are compared with. */
export interface Remote {
  /** Canonical. */
  readonly address: string;
  /** The pod that has the address for certain. */
  readonly pod: PodEndpoint | undefined;
  /** Of the pod's namespace. */
  readonly namespaceLabels: Labels;
  /** Why a pod that has the address does not count as one; undefined where none has it, or it counts. */
  readonly doubt: string | undefined;
}

const hasText = (labels: Labels, { key, operator }: LabelRequirement, name: string): string => {
  const value = labels.get(key);
  if (value === undefined) return `${name} has no label ${key}`;
  return operator === 'Exists' ? `${name} has ${key}` : `${name} has ${key}=${value}`;
};

const labelClauses = (
  kind: 'pod label' | 'namespace label',
  requirements: readonly LabelRequirement[],
  labels: Labels,
  name: string,
): readonly Clause[] =>
  requirements
    .filter((requirement) => !meets(labels, requirement))
    .map((requirement) => ({
      kind,
      wants: describeSelector({ requirements: [requirement] }),
      has: hasText(labels, requirement, name),
    }));

const namespaceClauses = (
  { namespaceSelector }: Extract<PeerSpec, { kind: 'pods' }>,
  pod: PodEndpoint,
  labels: Labels,
  home: string,
): readonly Clause[] => {
  if (namespaceSelector !== undefined) {
    return labelClauses('namespace label', namespaceSelector.requirements, labels, `namespace ${pod.namespace}`);
  }
  if (pod.namespace === home) return [];
  const has = `${describePod(pod)} is in namespace ${pod.namespace}`;
  return [{ kind: 'namespace', wants: `namespace ${home}`, has }];
};

const blockClauses = ({ block }: Extract<PeerSpec, { kind: 'ipBlock' }>, address: string): readonly Clause[] => {
  const cidr: Cidr | undefined = parseAddress(address);
  if (cidr === undefined || !covers(block.cidr, cidr)) {
    const has =
      familyOf(address) === block.cidr.family
        ? `${address} is not in it`
        : `${address} is an ${familyOf(address) === 'ipv4' ? 'IPv4' : 'IPv6'} address`;
    return [{ kind: 'ipBlock', wants: formatCidr(block.cidr), has }];
  }
  return block.except
    .filter((hole) => covers(hole, cidr))
    .map((hole) => ({
      kind: 'ipBlock except',
      wants: `${formatCidr(block.cidr)} except ${formatCidr(hole)}`,
      has: `${address} is in the exception ${formatCidr(hole)}`,
    }));
};

/**
 * Returns the parts of one entry of `from` or `to` that a remote end fails at; none where the entry means it.
 * @param home the policy's namespace
 */
export const peerClauses = (peer: PeerSpec, remote: Remote, home: string): readonly Clause[] => {
  const { address, pod, namespaceLabels, doubt } = remote;
  if (peer.kind === 'ipBlock') return blockClauses(peer, address);
  if (pod === undefined) return [{ kind: 'pod', wants: 'a pod', has: doubt ?? `${address} is the address of no pod` }];
  return [
    ...namespaceClauses(peer, pod, namespaceLabels, home),
    ...labelClauses('pod label', peer.podSelector?.requirements ?? [], pod.labels, describePod(pod)),
  ];
};

const describeRange = ({ protocol, from, to }: Extract<PortSpec, { kind: 'range' }>): string => {
  if (from === 1 && to === MAX_PORT) return `every ${protocol} port`;
  return from === to ? `${protocol} ${from}` : `${protocol} ${from}-${to}`;
};

/** An entry of `ports` as a noun: `TCP 80`, `TCP 80-90`, `TCP port "http"`. */
export const describePortSpec = (port: PortSpec): string =>
  port.kind === 'named' ? `${port.protocol} port "${port.name}"` : describeRange(port);

const namedClauses = (
  port: Extract<PortSpec, { kind: 'named' }>,
  packet: Packet,
  destination: PodEndpoint | undefined,
): readonly Clause[] => {
  const wants = describePortSpec(port);
  if (destination === undefined) {
    return [{ kind: 'named port', wants, has: `${packet.destination} is no pod and declares no ports` }];
  }
  const numbers = resolvePort(destination, port.protocol, port.name);
  if (numbers.includes(packet.port)) return [];
  const name = describePod(destination);
  const has =
    numbers.length === 0
      ? `${name} declares no ${port.protocol} port "${port.name}"`
      : `on ${name} it is ${port.protocol} ${numbers.join(' and ')}, the packet goes to ${packet.port}`;
  return [{ kind: 'named port', wants, has }];
};

/**
 * Returns the parts of one entry of `ports` that a packet fails at; none where the entry means its port.
 * @param destination the pod that the packet goes to, as far as it is certain
 */
export const portClauses = (
  port: PortSpec,
  packet: Packet,
  destination: PodEndpoint | undefined,
): readonly Clause[] => {
  const has = `the packet goes to ${describeTarget(packet)}`;
  if (port.protocol !== packet.protocol) return [{ kind: 'protocol', wants: describePortSpec(port), has }];
  if (port.kind === 'named') return namedClauses(port, packet, destination);
  if (packet.port >= port.from && packet.port <= port.to) return [];
  return [{ kind: port.from === port.to ? 'port' : 'endPort', wants: describeRange(port), has }];
};
