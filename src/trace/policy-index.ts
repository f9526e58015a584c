import type { Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import { settleAddresses } from '../policy/address-owners.ts';
import { type Cidr, familyOf, formatAddress, parseAddress, admits } from '../policy/cidr.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { Isolation, NodePolicy, Peer } from '../policy/node-policy.ts';

/** An isolation at an address, and the isolated pod. */
export interface Governing {
  readonly isolation: Isolation;
  readonly pod: PodEndpoint;
}

/** A compiled policy, looked up by address as the kernel does. Addresses are canonical text. */
export interface PolicyIndex {
  /** Returns the canonical text of an address. @throws TypeError for an invalid one */
  canonical(address: string): string;
  /** Returns the pod that has the address, or the first of those that may have it; never a pod on the host network. */
  podAt(address: string): PodEndpoint | undefined;
  /** Returns the pod that certainly has the address. */
  ownerAt(address: string): PodEndpoint | undefined;
  /** Returns the isolations at the address. If several pods may have it, each must allow the packet. */
  isolationsAt(direction: Direction, address: string): readonly Governing[];
  /** Reports whether the peer includes the address. */
  means(peer: Peer, address: string): boolean;
  faultsOf(policy: PolicyKey): readonly PolicyFault[];
}

const toCidr = (address: string): Cidr => {
  const cidr = parseAddress(address);
  if (cidr === undefined) throw new TypeError(`${JSON.stringify(address)} is not an IP address`);
  return cidr;
};

/** Maximum cached answers: packets from outside have ever new addresses. */
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

const OPEN: readonly Governing[] = [];

const governingIn = ({ isolations }: NodePolicy, direction: Direction): ReadonlyMap<string, readonly Governing[]> => {
  const found = new Map<string, readonly Governing[]>();
  for (const isolation of isolations) {
    if (isolation.direction !== direction) continue;
    for (const pod of isolation.pods) {
      for (const ip of pod.ips) found.set(ip, [...(found.get(ip) ?? OPEN), { isolation, pod }]);
    }
  }
  return found;
};

/** The lookups that an index is made of. */
export interface PolicyLookups extends Pick<PolicyIndex, 'isolationsAt' | 'faultsOf'> {
  readonly ownershipOf: ReturnType<typeof settleAddresses>['ownershipOf'];
}

/** Makes an index of lookups that may be live: an answer holds until the policy behind them changes. */
export const createIndexOf = ({ ownershipOf, isolationsAt, faultsOf }: PolicyLookups): PolicyIndex => {
  const cidrOf = remember(toCidr);
  return {
    canonical: remember((address) => formatAddress(cidrOf(address))),
    podAt: (address) => ownershipOf(address)?.owners[0],
    ownerAt(address) {
      const ownership = ownershipOf(address);
      return ownership?.isCertain === true ? ownership.owners[0] : undefined;
    },
    isolationsAt,
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
    faultsOf,
  };
};

/** @param pods those of the snapshot that the policy was compiled from. */
export const createPolicyIndex = (policy: NodePolicy, pods: Iterable<PodEndpoint>): PolicyIndex => {
  const governing: Readonly<Record<Direction, ReadonlyMap<string, readonly Governing[]>>> = {
    ingress: governingIn(policy, 'ingress'),
    egress: governingIn(policy, 'egress'),
  };
  const faults = Map.groupBy(policy.faults, (fault) => fault.policy);
  return createIndexOf({
    ownershipOf: settleAddresses(pods).ownershipOf,
    isolationsAt: (direction, address) => governing[direction].get(address) ?? OPEN,
    faultsOf: (key) => faults.get(key) ?? [],
  });
};
