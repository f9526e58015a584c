import type { PodEndpoint } from '../../model/pod.ts';

/**
 * Who owns which address. An address is reused as soon as a pod is gone from its node, and the API may still list the
 * old one: the newest live pod that reports an address owns it. The older pod keeps its other addresses. Pods on the
 * host network share their node's addresses and own none.
 */
export interface AddressBook {
  /** A pod comes, with all the addresses it reports. */
  claim(pod: PodEndpoint): void;
  /** A pod goes; it is the object that was claimed for. */
  release(pod: PodEndpoint): void;
  /** The pod that owns the address, as it was claimed for. */
  ownerOf(address: string): PodEndpoint | undefined;
  /** The pod with the addresses that it owns; the pod itself where these are all. */
  settle(pod: PodEndpoint): PodEndpoint;
  /** The uids of pods that won or lost an address to another one since this was asked last. */
  takeDisputes(): ReadonlySet<string>;
}

const isNewer = (a: PodEndpoint, b: PodEndpoint): boolean =>
  a.createdAt === b.createdAt ? a.uid > b.uid : a.createdAt > b.createdAt;

const newestOf = (claims: ReadonlySet<PodEndpoint>): PodEndpoint | undefined => {
  let newest: PodEndpoint | undefined;
  for (const pod of claims) if (newest === undefined || isNewer(pod, newest)) newest = pod;
  return newest;
};

export const createAddressBook = (): AddressBook => {
  const owners = new Map<string, PodEndpoint>();
  /** The claims to addresses that more than one pod reports. */
  const contested = new Map<string, Set<PodEndpoint>>();
  let disputes = new Set<string>();

  const noteDispute = (...pods: readonly (PodEndpoint | undefined)[]): void => {
    for (const pod of pods) if (pod !== undefined) disputes.add(pod.uid);
  };

  const claimOne = (pod: PodEndpoint, address: string): void => {
    const owner = owners.get(address);
    if (owner === undefined) owners.set(address, pod);
    if (owner === undefined || owner === pod) return;
    const claims = contested.get(address) ?? new Set([owner]);
    contested.set(address, claims.add(pod));
    noteDispute(owner, pod);
    if (isNewer(pod, owner)) owners.set(address, pod);
  };

  const releaseOne = (pod: PodEndpoint, address: string): void => {
    const claims = contested.get(address);
    if (claims === undefined) {
      if (owners.get(address) === pod) owners.delete(address);
      return;
    }
    claims.delete(pod);
    const heir = newestOf(claims);
    if (heir !== undefined && heir !== owners.get(address)) {
      owners.set(address, heir);
      noteDispute(heir);
    }
    if (claims.size <= 1) contested.delete(address);
  };

  const owns = (pod: PodEndpoint, address: string): boolean => owners.get(address) === pod;

  return {
    claim(pod) {
      if (!pod.hostNetwork) for (const ip of pod.ips) claimOne(pod, ip);
    },
    release(pod) {
      if (!pod.hostNetwork) for (const ip of pod.ips) releaseOne(pod, ip);
    },
    ownerOf: (address) => owners.get(address),
    settle: (pod) =>
      pod.hostNetwork || contested.size === 0 || pod.ips.every((ip) => owns(pod, ip))
        ? pod
        : { ...pod, ips: pod.ips.filter((ip) => owns(pod, ip)) },
    takeDisputes() {
      const taken = disputes;
      disputes = new Set();
      return taken;
    },
  };
};
