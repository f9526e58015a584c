import { DIRECTIONS } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { familyOf, parseAddress } from '../policy/cidr.ts';
import type { NodePolicy, PortMatch } from '../policy/node-policy.ts';
import { resolvePort } from '../policy/pod-ports.ts';
import { rangesOfBlock } from '../trace/outside.ts';
import type { PolicyIndex } from '../trace/policy-index.ts';
import { type AddressOrder, createAddressOrder } from './address-order.ts';
import { createPartition } from './partition.ts';
import { isOfFamily, memberKey, peersOf, type SelectingPeer } from './peer-members.ts';

/** Pods that no policy tells apart: what holds of one, as a source and as a destination, holds of all. */
export interface PodClass {
  /** At least one. */
  readonly pods: readonly PodEndpoint[];
  /**
   * Its one pod shares its address with another pod or a node: whether policies apply at all depends on the other end, see
   * trace/exemption.ts.
   */
  readonly isSpecial: boolean;
}

/** The pods of a cluster in classes. */
export interface PodClasses {
  readonly classes: readonly PodClass[];
  /** By the very objects that were given. */
  readonly classOf: ReadonlyMap<PodEndpoint, number>;
  /** The classes that a peer means, of one family. */
  meant(peer: SelectingPeer, family: IpFamily): readonly number[];
}

export const addressOf = (pod: PodEndpoint, family: IpFamily): string | undefined =>
  pod.ips.find((ip) => familyOf(ip) === family);

type NamedPort = Extract<PortMatch, { kind: 'named' }>;

/** Port names of egress rules: what they stand for depends on the destination. */
const namedEgressPorts = ({ isolations }: NodePolicy): readonly NamedPort[] => {
  const named = new Map<string, NamedPort>();
  for (const { direction, rules } of isolations) {
    if (direction === 'ingress') continue;
    for (const { ports } of rules) {
      for (const port of ports) if (port.kind === 'named') named.set(`${port.protocol}/${port.name}`, port);
    }
  }
  return [...named.values()];
};

/**
 * Puts pods into classes. The work grows with the number of pods and of members of peers, not with the number of pairs.
 *
 * @param index of the policy, see trace/policy-index.ts
 * @param pods the pods in question, each with an address
 */
export const classifyPods = (
  policy: NodePolicy,
  index: PolicyIndex,
  pods: readonly PodEndpoint[],
  families: readonly IpFamily[],
): PodClasses => {
  const partition = createPartition(pods.length);
  const holders = new Map<string, number[]>();
  pods.forEach(({ ips }, number) => {
    for (const ip of ips) {
      const known = holders.get(ip);
      if (known === undefined) holders.set(ip, [number]);
      else known.push(number);
    }
  });
  const holdersOf = function* (addresses: Iterable<string>): Generator<number> {
    for (const ip of addresses) yield* holders.get(ip) ?? [];
  };

  const orders = new Map<IpFamily, AddressOrder>();
  const orderOf = (family: IpFamily): AddressOrder => {
    const known = orders.get(family);
    if (known !== undefined) return known;
    const order = createAddressOrder(
      pods.flatMap((pod, number) => {
        const address = addressOf(pod, family);
        return address === undefined ? [] : [{ at: parseAddress(address)?.base ?? 0n, number }];
      }),
    );
    orders.set(family, order);
    return order;
  };

  const membersOf = (peer: SelectingPeer, family: IpFamily): Iterable<number> => {
    if (peer.kind === 'pods') return holdersOf(peer.addresses[family]);
    return peer.block.cidr.family === family ? orderOf(family).within(rangesOfBlock(peer.block)) : [];
  };

  const splitBy = (keyOf: (pod: PodEndpoint) => string): void => {
    const groups = Map.groupBy(pods.entries(), ([, pod]) => keyOf(pod));
    for (const group of groups.values()) partition.split(group.map(([number]) => number));
  };

  splitBy(({ ips }) => ips.map(familyOf).sort().join(' '));
  for (const { pods: isolated } of policy.isolations) {
    for (const family of families) {
      partition.split(holdersOf(isolated.flatMap(({ ips }) => ips.filter((ip) => familyOf(ip) === family))));
    }
  }
  const peers = new Map(
    DIRECTIONS.flatMap((direction) => peersOf(policy, direction)).map((peer) => [memberKey(peer), peer]),
  );
  for (const family of families) {
    for (const peer of peers.values()) if (isOfFamily(peer, family)) partition.split(membersOf(peer, family));
    for (const { protocol, name } of namedEgressPorts(policy)) {
      splitBy((pod) => {
        const address = addressOf(pod, family);
        const owner = address === undefined ? undefined : index.ownerAt(address);
        return owner === undefined
          ? ''
          : resolvePort(owner, protocol, name)
              .toSorted((a, b) => a - b)
              .join(' ');
      });
    }
  }

  const nodeAddresses = new Set(pods.flatMap(({ hostIPs }) => hostIPs));
  const special = new Set<number>();
  for (const [ip, numbers] of holders) {
    const isOfNode = nodeAddresses.has(ip);
    if (numbers.length === 1 && !isOfNode) continue;
    for (const number of numbers) {
      special.add(number);
      partition.split([number]);
    }
    if (isOfNode) partition.split(pods.keys().filter((number) => pods[number]?.hostIPs.includes(ip)));
  }

  const { classOf, members } = partition.classes();
  const found = new Map<string, readonly number[]>();
  return {
    classes: members.map((numbers) => ({
      pods: numbers.flatMap((number) => pods[number] ?? []),
      isSpecial: numbers.some((number) => special.has(number)),
    })),
    classOf: new Map(pods.map((pod, number) => [pod, classOf[number] ?? 0])),
    meant(peer, family) {
      const key = `${family} ${memberKey(peer)}`;
      const known = found.get(key);
      if (known !== undefined) return known;
      const classes = new Set<number>();
      for (const number of membersOf(peer, family)) classes.add(classOf[number] ?? 0);
      const list = [...classes];
      found.set(key, list);
      return list;
    },
  };
};
