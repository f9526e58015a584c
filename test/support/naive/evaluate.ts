/**
 * A second reading of NetworkPolicy v1: straight from the API documentation over the raw JSON, by brute force, sharing
 * no code with the product. What both readings agree on is unlikely to be a misunderstanding of one.
 */
import { liesIn } from './bits.ts';
import { matchesLabels } from './labels.ts';
import type { JsonPeer, JsonPolicy, JsonPort, NaivePacket, NaivePod, NaiveWorld } from './world.ts';

/** The pod with this address. A pod on the host network has its node's address, not one of its own. */
const podWith = (world: NaiveWorld, address: string): NaivePod | undefined =>
  world.pods.find((pod) => !pod.hostNetwork && pod.ips.includes(address));

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

/** A named port is looked up on the pod that receives the packet. */
const isPort = (world: NaiveWorld, allowed: JsonPort, packet: NaivePacket): boolean => {
  if ((allowed.protocol ?? 'TCP') !== packet.protocol) return false;
  const { port, endPort } = allowed;
  if (port === undefined) return true;
  if (typeof port === 'number') return packet.port >= port && packet.port <= (endPort ?? port);
  const receiver = podWith(world, packet.to);
  return (receiver?.ports ?? []).some(
    (declared) => declared.name === port && declared.protocol === packet.protocol && declared.port === packet.port,
  );
};

/** Whether a pod's own policies of one type let the packet through: "If no policies select a pod, all is allowed." */
const sideAllows = (
  world: NaiveWorld,
  pod: NaivePod | undefined,
  type: 'Ingress' | 'Egress',
  packet: NaivePacket,
): boolean => {
  if (pod === undefined) return true;
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
      const portFits = ports.length === 0 || ports.some((port) => isPort(world, port, packet));
      return peerFits && portFits;
    });
  });
};

/** Traffic that no policy can refuse: of a pod with itself, and between a pod and the node it runs on. */
const isExempt = (world: NaiveWorld, { from, to }: NaivePacket): boolean => {
  const source = podWith(world, from);
  const target = podWith(world, to);
  if (source !== undefined && source === target) return true;
  return (source?.hostIPs.includes(to) ?? false) || (target?.hostIPs.includes(from) ?? false);
};

export const ingressAllows = (world: NaiveWorld, packet: NaivePacket): boolean =>
  sideAllows(world, podWith(world, packet.to), 'Ingress', packet);

export const egressAllows = (world: NaiveWorld, packet: NaivePacket): boolean =>
  sideAllows(world, podWith(world, packet.from), 'Egress', packet);

/** Whether a packet that would open a connection arrives. */
export const arrives = (world: NaiveWorld, packet: NaivePacket): boolean =>
  isExempt(world, packet) || (egressAllows(world, packet) && ingressAllows(world, packet));
