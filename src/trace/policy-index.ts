import type { Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import { settleAddresses } from '../policy/address-owners.ts';
import { type Cidr, familyOf, formatAddress, parseAddress } from '../policy/cidr.ts';
import type { PolicyFault } from '../policy/fault.ts';
import { admits } from '../policy/ip-block.ts';
import type { Isolation, NodePolicy, Peer } from '../policy/node-policy.ts';

/** A compiled policy, found by address as the kernel finds it. Addresses are canonical text. */
export interface PolicyIndex {
  /** The canonical text of an address in any spelling. @throws TypeError where it is none. */
  canonical(address: string): string;
  /** The pod that owns the address; a pod on the host network owns none. */
  podAt(address: string): PodEndpoint | undefined;
  isolationAt(direction: Direction, address: string): Isolation | undefined;
  /** Whether the peer means the address. */
  means(peer: Peer, address: string): boolean;
  faultsOf(policy: PolicyKey): readonly PolicyFault[];
}

const toCidr = (address: string): Cidr => {
  const cidr = parseAddress(address);
  if (cidr === undefined) throw new TypeError(`${JSON.stringify(address)} is not an IP address`);
  return cidr;
};

/** Answers remembered at most: packets from the outside bring ever new addresses. */
const MOST_REMEMBERED = 50_000;

const remember = <Key, Value>(work: (key: Key) => Value): ((key: Key) => Value) => {
  const known = new Map<Key, Value>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = work(key);
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(key, value);
    return value;
  };
};

const byAddress = <Value>(entries: Iterable<readonly [PodEndpoint, Value]>): ReadonlyMap<string, Value> => {
  const found = new Map<string, Value>();
  for (const [pod, value] of entries) for (const ip of pod.ips) found.set(ip, value);
  return found;
};

/** @param pods those of the snapshot that the policy was compiled from. */
export const createPolicyIndex = (policy: NodePolicy, pods: Iterable<PodEndpoint>): PolicyIndex => {
  const owners = byAddress(
    settleAddresses(pods)
      .filter((pod) => !pod.hostNetwork)
      .map((pod) => [pod, pod] as const),
  );
  const isolated = (direction: Direction): ReadonlyMap<string, Isolation> =>
    byAddress(
      policy.isolations
        .filter((isolation) => isolation.direction === direction)
        .flatMap((isolation) => isolation.pods.map((pod) => [pod, isolation] as const)),
    );
  const isolations: Readonly<Record<Direction, ReadonlyMap<string, Isolation>>> = {
    ingress: isolated('ingress'),
    egress: isolated('egress'),
  };
  const faults = Map.groupBy(policy.faults, (fault) => fault.policy);
  const cidrOf = remember(toCidr);
  return {
    canonical: remember((address) => formatAddress(cidrOf(address))),
    podAt: (address) => owners.get(address),
    isolationAt: (direction, address) => isolations[direction].get(address),
    means(peer, address) {
      switch (peer.kind) {
        case 'any':
          return true;
        case 'pods':
          return peer.addresses[familyOf(address)].has(address);
        case 'ipBlock':
          return admits(peer.block, cidrOf(address));
      }
    },
    faultsOf: (key) => faults.get(key) ?? [],
  };
};
