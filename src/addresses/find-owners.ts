import type { PodEndpoint } from '../model/pod.ts';

/**
 * How sure it is that an address is a pod's. `noted`: from the result of a sandbox that is not known to be gone. `told`: from
 * the pod's status, which no result contradicts. `doubted`: from a status that a result contradicts, or from a vanished pod.
 */
type Standing = 'noted' | 'told' | 'doubted';

const standingOf = ({ sandbox, closed }: PodEndpoint, address: string): Standing => {
  if (closed === 'vanished') return 'doubted';
  if (sandbox?.noted.includes(address) === true) return 'noted';
  return sandbox?.doubted.includes(address) === true ? 'doubted' : 'told';
};

/** Returns the addresses that a pod may have. A pod on the host network has none of its own: it shares its node's. */
export const claimedBy = ({ hostNetwork, ips, sandbox }: PodEndpoint): readonly string[] => {
  if (hostNetwork) return [];
  return sandbox === undefined || sandbox.doubted.length === 0 ? ips : [...new Set([...ips, ...sandbox.doubted])];
};

/** The fields that relate a mirror pod to the pod that it mirrors. */
export type Mirroring = Partial<Pick<PodEndpoint, 'node' | 'namespace' | 'name' | 'sandbox' | 'closed'>>;

/**
 * Reports whether a pod of the API server may be the one whose sandbox has a result under an unknown uid: the mirror pod of a
 * static pod has the static pod's name and another uid.
 */
export const mayMirror = (told: Mirroring, noted: Mirroring): boolean =>
  noted.closed === 'unknown' &&
  told.node === noted.node &&
  told.sandbox === undefined &&
  (noted.namespace === '' || (noted.namespace === told.namespace && noted.name === told.name));

/**
 * Reports whether a pod got the address after another one: the other one is being deleted, and the pod is newer and is not.
 * Creation alone says nothing about sandboxes: after a reboot, older pods get the addresses of newer ones.
 */
const succeeds = (pod: PodEndpoint, other: PodEndpoint): boolean =>
  other.isTerminating === true && pod.isTerminating !== true && pod.createdAt >= other.createdAt;

const newestNotes = (pods: readonly PodEndpoint[]): readonly PodEndpoint[] => {
  const newest = Math.max(...pods.map(({ sandbox }) => sandbox?.notedAt ?? 0));
  return pods.filter(({ sandbox }) => sandbox?.notedAt === newest);
};

const byUid = (one: PodEndpoint, other: PodEndpoint): number => (one.uid < other.uid ? -1 : 1);

/** The owners of an address. */
export interface Ownership {
  /** At least one, in a fixed order; the policies of each of them apply. */
  readonly owners: readonly PodEndpoint[];
  /** Whether there is exactly one owner, which has the address now and is a pod of the API server. */
  readonly isCertain: boolean;
}

/**
 * Decides who owns an address. docs/addresses.md has the table. The result depends on the claims alone, not on their order.
 *
 * @param pods all pods that claim the address, at least one
 */
export const findOwners = (pods: readonly PodEndpoint[], address: string): Ownership => {
  const [only] = pods;
  // Nearly every address has one claim, and questions about it are many.
  if (only !== undefined && pods.length === 1) {
    const standing = standingOf(only, address);
    return { owners: pods, isCertain: standing === 'told' || (standing === 'noted' && only.closed === undefined) };
  }
  const by = Map.groupBy(pods, (pod) => standingOf(pod, address));
  const told = by.get('told') ?? [];
  const noted = (by.get('noted') ?? []).filter((pod) => !told.some((each) => mayMirror(each, pod)));
  if (noted.length > 0) {
    const owners = newestNotes(noted).toSorted(byUid);
    return { owners, isCertain: owners.length === 1 && owners[0]?.closed === undefined };
  }
  if (told.length > 0) {
    const owners = told.filter((pod) => !told.some((other) => succeeds(other, pod))).toSorted(byUid);
    return { owners, isCertain: owners.length === 1 };
  }
  return { owners: (by.get('doubted') ?? []).toSorted(byUid), isCertain: false };
};
