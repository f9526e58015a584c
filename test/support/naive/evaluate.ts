/**
 * A second implementation of NetworkPolicy v1: directly from the API documentation over the raw JSON, by brute force,
 * without any code of the product. If both implementations agree, a common misunderstanding is unlikely.
 */
import { liesIn } from './bits.ts';
import { matchesLabels } from './labels.ts';
import type { JsonPeer, JsonPolicy, JsonPort, NaivePacket, NaivePod, NaiveWorld } from './world.ts';

/** Returns the pods that may have this address. A pod on the host network has its node's address, not one of its own. */
const podsWith = (world: NaiveWorld, address: string): readonly NaivePod[] =>
  world.pods.filter((pod) => !pod.hostNetwork && pod.ips.includes(address));

/** Returns the pod that certainly has this address. */
const podWith = (world: NaiveWorld, address: string): NaivePod | undefined => {
  const [pod, ...others] = podsWith(world, address);
  return others.length === 0 ? pod : undefined;
};

/** "If no policyTypes are specified, this will default to [Ingress]… and Egress if there are egress rules." */
const typesOf = ({ spec }: JsonPolicy): readonly string[] => {
  if (spec.policyTypes !== undefined && spec.policyTypes.length > 0) return spec.policyTypes;
  return (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
};

/** "selects the pods to which this NetworkPolicy object applies … an empty podSelector matches all pods in this namespace" */
const appliesTo = (policy: JsonPolicy, pod: NaivePod, type: string): boolean =>
  typesOf(policy).includes(type) &&
  policy.metadata.namespace === pod.namespace &&
  matchesLabels(policy.spec.podSelector ?? {}, pod.labels);

const isPeer = (world: NaiveWorld, peer: JsonPeer, policy: JsonPolicy, address: string): boolean => {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return liesIn(address, cidr) && !except.some((hole) => liesIn(address, hole));
  }
  const pod = podWith(world, address);
  if (pod === undefined) return false;
  if (peer.namespaceSelector === undefined) {
    if (pod.namespace !== policy.metadata.namespace) return false;
  } else {
    const labels = world.namespaces[pod.namespace];
    if (labels === undefined || !matchesLabels(peer.namespaceSelector, labels)) return false;
  }
  return peer.podSelector === undefined || matchesLabels(peer.podSelector, pod.labels);
};

/** Returns the number of a named port on the pod that receives the packet. */
const isPort = (receiver: NaivePod | undefined, allowed: JsonPort, packet: NaivePacket): boolean => {
  if ((allowed.protocol ?? 'TCP') !== packet.protocol) return false;
  const { port, endPort } = allowed;
  if (port === undefined) return true;
  if (typeof port === 'number') return packet.port >= port && packet.port <= (endPort ?? port);
  return (receiver?.ports ?? []).some(
    (declared) => declared.name === port && declared.protocol === packet.protocol && declared.port === packet.port,
  );
};

/** Reports whether a pod's own policies of one type let the packet pass: "If no policies select a pod, all is allowed." */
const sideAllows = (world: NaiveWorld, pod: NaivePod, type: 'Ingress' | 'Egress', packet: NaivePacket): boolean => {
  const receiver = type === 'Ingress' ? pod : podWith(world, packet.to);
  const governing = world.policies.filter((policy) => appliesTo(policy, pod, type));
  if (governing.length === 0) return true;
  const remote = type === 'Ingress' ? packet.from : packet.to;
  return governing.some((policy) => {
    const rules =
      type === 'Ingress'
        ? (policy.spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
        : (policy.spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
    return rules.some(({ peers = [], ports = [] }) => {
      const peerFits = peers.length === 0 || peers.some((peer) => isPeer(world, peer, policy, remote));
      const portFits = ports.length === 0 || ports.some((port) => isPort(receiver, port, packet));
      return peerFits && portFits;
    });
  });
};

/** Reports traffic that no policy can refuse: of a pod with itself, and between a pod and its own node. */
const isExempt = (world: NaiveWorld, { from, to }: NaivePacket): boolean => {
  const sources = podsWith(world, from);
  const targets = podsWith(world, to);
  if (sources.length > 0 && from === to) return true;
  return sources.some(({ hostIPs }) => hostIPs.includes(to)) || targets.some(({ hostIPs }) => hostIPs.includes(from));
};

/** If several pods may have an address, only what all of them allow passes. */
export const ingressAllows = (world: NaiveWorld, packet: NaivePacket): boolean =>
  podsWith(world, packet.to).every((pod) => sideAllows(world, pod, 'Ingress', packet));

export const egressAllows = (world: NaiveWorld, packet: NaivePacket): boolean =>
  podsWith(world, packet.from).every((pod) => sideAllows(world, pod, 'Egress', packet));

/** Reports whether a packet that would open a connection arrives. */
export const arrives = (world: NaiveWorld, packet: NaivePacket): boolean =>
  isExempt(world, packet) || (egressAllows(world, packet) && ingressAllows(world, packet));
