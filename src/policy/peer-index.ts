import type { NamespaceEntry } from '../model/namespace.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { Protocol } from '../model/protocol.ts';
import type { Peer } from './node-policy.ts';
import type { PeerSpec } from './parsed.ts';
import { describeSelector, selectorKey, selects } from './selector.ts';

/** Answers which pods a peer means; each question is worked out once. */
export interface PeerIndex {
  /** `namespace` is the policy's own, which a peer without namespaceSelector means. */
  peer(spec: PeerSpec, namespace: string): Peer;
  /** Every pod that declares the port, those on the host network left out. */
  declaring(protocol: Protocol, name: string): readonly PodEndpoint[];
}

type PodsSpec = Extract<PeerSpec, { kind: 'pods' }>;

const peerKey = ({ podSelector, namespaceSelector }: PodsSpec, namespace: string): string =>
  JSON.stringify([
    namespaceSelector === undefined ? { name: namespace } : { selector: selectorKey(namespaceSelector) },
    podSelector === undefined ? '[]' : selectorKey(podSelector),
  ]);

const describePeer = ({ podSelector, namespaceSelector }: PodsSpec, namespace: string): string => {
  const labels = podSelector === undefined ? '' : describeSelector(podSelector);
  const pods = labels === '' ? 'all pods' : `pods ${labels}`;
  if (namespaceSelector === undefined) return `${pods} in namespace ${namespace}`;
  const namespaces = describeSelector(namespaceSelector);
  return namespaces === '' ? `${pods} in all namespaces` : `${pods} in namespaces ${namespaces}`;
};

/** Whether the pod declares the port under this name. */
export const declares = (pod: PodEndpoint, protocol: Protocol, name: string): boolean =>
  pod.ports.some((port) => port.name === name && port.protocol === protocol);

/** The numbers that the name stands for on the pod: none if it declares no such port, several if containers differ. */
export const resolvePort = (pod: PodEndpoint, protocol: Protocol, name: string): readonly number[] => [
  ...new Set(pod.ports.filter((port) => port.name === name && port.protocol === protocol).map(({ port }) => port)),
];

/** @param pods with settled addresses; those on the host network are never peers. */
export const createPeerIndex = (
  pods: readonly PodEndpoint[],
  namespaces: ReadonlyMap<string, NamespaceEntry>,
): PeerIndex => {
  const byNamespace = Map.groupBy(
    pods.filter((pod) => !pod.hostNetwork),
    (pod) => pod.namespace,
  );
  const peers = new Map<string, Peer>();
  const named = new Map<string, readonly PodEndpoint[]>();

  const namespacesOf = ({ namespaceSelector }: PodsSpec, own: string): readonly string[] =>
    namespaceSelector === undefined
      ? [own]
      : [...namespaces.values()].filter(({ labels }) => selects(namespaceSelector, labels)).map(({ name }) => name);

  const membersOf = (spec: PodsSpec, own: string): readonly PodEndpoint[] => {
    const { podSelector } = spec;
    const candidates = namespacesOf(spec, own).flatMap((name) => byNamespace.get(name) ?? []);
    return podSelector === undefined ? candidates : candidates.filter(({ labels }) => selects(podSelector, labels));
  };

  return {
    peer(spec, namespace) {
      if (spec.kind === 'ipBlock') return spec;
      const key = peerKey(spec, namespace);
      const known = peers.get(key);
      if (known !== undefined) return known;
      const peer: Peer = {
        kind: 'pods',
        key,
        text: describePeer(spec, namespace),
        members: membersOf(spec, namespace),
      };
      peers.set(key, peer);
      return peer;
    },
    declaring(protocol, name) {
      const key = `${protocol}/${name}`;
      const known = named.get(key);
      if (known !== undefined) return known;
      const found = pods.filter((pod) => !pod.hostNetwork && declares(pod, protocol, name));
      named.set(key, found);
      return found;
    },
  };
};
