import type { PodEndpoint } from '../model/pod.ts';
import { claimedBy, findOwners, type Ownership } from './find-owners.ts';

/** A pod with settled addresses: the same object if it has all the addresses that it reports. */
export interface SettledPod {
  /** With every address that the pod may have: its policies apply there. */
  readonly subject: PodEndpoint;
  /** With the addresses that it certainly has: selectors of peers include these. */
  readonly peer: PodEndpoint;
}

/**
 * The owners of addresses, kept up to date. If several pods may have an address, each one's policies apply, and no peer
 * includes it.
 */
export interface AddressBook {
  /** Adds a pod with all the addresses that it claims. */
  claim(pod: PodEndpoint): void;
  /** Removes a pod, given as the same object that was added. */
  release(pod: PodEndpoint): void;
  /** Returns undefined if no pod claims the address. */
  ownershipOf(address: string): Ownership | undefined;
  settle(pod: PodEndpoint): SettledPod;
  /** Returns the uids of pods that share a claim with a pod that was added or removed since the last call. */
  takeDisputes(): ReadonlySet<string>;
}

const ONLY_OWNER = (pod: PodEndpoint, address: string): Ownership => findOwners([pod], address);

const sameTexts = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, at) => text === other[at]);

/** Returns the pod with only these of its addresses. */
const withAddresses = (pod: PodEndpoint, ips: readonly string[]): PodEndpoint => {
  const { sandbox } = pod;
  if (sandbox === undefined) return sameTexts(ips, pod.ips) ? pod : { ...pod, ips };
  const doubted = sandbox.doubted.filter((ip) => ips.includes(ip));
  const isSame = sameTexts(ips, pod.ips) && sameTexts(doubted, sandbox.doubted);
  return isSame ? pod : { ...pod, ips, sandbox: { ...sandbox, doubted } };
};

export const createAddressBook = (): AddressBook => {
  /** Nearly all addresses have one pod. */
  const claims = new Map<string, PodEndpoint | readonly PodEndpoint[]>();
  /** The owners of addresses that several pods claim. */
  const contested = new Map<string, Ownership>();
  let disputes = new Set<string>();

  const put = (address: string, pods: readonly PodEndpoint[]): void => {
    for (const { uid } of pods) disputes.add(uid);
    const [first] = pods;
    if (pods.length > 1) {
      claims.set(address, pods);
      contested.set(address, findOwners(pods, address));
      return;
    }
    contested.delete(address);
    if (first !== undefined) claims.set(address, first);
  };

  const claimOne = (pod: PodEndpoint, address: string): void => {
    const known = claims.get(address);
    if (known === undefined) claims.set(address, pod);
    else put(address, 'uid' in known ? [known, pod] : [...known, pod]);
  };

  const releaseOne = (pod: PodEndpoint, address: string): void => {
    const known = claims.get(address);
    if (known === undefined) return;
    if (!('uid' in known))
      put(
        address,
        known.filter((each) => each !== pod),
      );
    else if (known === pod) claims.delete(address);
  };

  const ownershipOf = (address: string): Ownership | undefined => {
    const known = claims.get(address);
    if (known === undefined) return undefined;
    return 'uid' in known ? ONLY_OWNER(known, address) : contested.get(address);
  };

  const isPlain = ({ sandbox, closed }: PodEndpoint): boolean =>
    closed === undefined && (sandbox === undefined || sandbox.doubted.length === 0);

  return {
    claim(pod) {
      for (const address of claimedBy(pod)) claimOne(pod, address);
    },
    release(pod) {
      for (const address of claimedBy(pod)) releaseOne(pod, address);
    },
    ownershipOf,
    settle(pod) {
      const isUncontested = isPlain(pod) && (contested.size === 0 || pod.ips.every((ip) => !contested.has(ip)));
      if (pod.hostNetwork || isUncontested) return { subject: pod, peer: pod };
      const owned = claimedBy(pod).filter((ip) => ownershipOf(ip)?.owners.includes(pod) === true);
      const certain = owned.filter((ip) => ownershipOf(ip)?.isCertain === true);
      const subject = withAddresses(pod, owned);
      return { subject, peer: certain.length === owned.length ? subject : withAddresses(pod, certain) };
    },
    takeDisputes() {
      const taken = disputes;
      disputes = new Set();
      return taken;
    },
  };
};
