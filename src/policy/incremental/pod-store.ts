import { type AddressBook, createAddressBook, type SettledPod } from '../../addresses/address-book.ts';
import type { PodEndpoint } from '../../model/pod.ts';

/** Pods as they were and as they are, each with the addresses that it has. A pod that changed is in both lists. */
export interface PodChanges {
  readonly gone: readonly SettledPod[];
  readonly come: readonly SettledPod[];
}

/** The pods of the cluster with settled addresses. */
export interface PodStore {
  uids(): Iterable<string>;
  /** As it was reported, with addresses that others may own. */
  reported(uid: string): PodEndpoint | undefined;
  /** The pods that may have the address, with all addresses that each may have. */
  at(address: string): readonly PodEndpoint[];
  /** Takes these pods as `find` has them now. @returns what changed, also for pods that only won or lost an address */
  change(uids: Iterable<string>, find: (uid: string) => PodEndpoint | undefined): PodChanges;
}

export const createPodStore = (book: AddressBook = createAddressBook()): PodStore => {
  const pods = new Map<string, PodEndpoint>();
  /** Only of pods that do not have all the addresses that they report, or not for certain. */
  const settledApart = new Map<string, SettledPod>();

  const settled = (uid: string): SettledPod | undefined => {
    const apart = settledApart.get(uid);
    if (apart !== undefined) return apart;
    const pod = pods.get(uid);
    return pod && { subject: pod, peer: pod };
  };

  const settle = (uid: string): SettledPod | undefined => {
    const pod = pods.get(uid);
    const now = pod && book.settle(pod);
    if (now === undefined || (now.subject === pod && now.peer === pod)) settledApart.delete(uid);
    else settledApart.set(uid, now);
    return now;
  };

  return {
    uids: () => pods.keys(),
    reported: (uid) => pods.get(uid),
    at(address) {
      const owners = book.ownershipOf(address)?.owners ?? [];
      return owners.flatMap(({ uid }) => settled(uid)?.subject ?? []);
    },
    change(uids, find) {
      const before = new Map<string, SettledPod | undefined>();
      for (const uid of uids) {
        const old = pods.get(uid);
        const now = find(uid);
        if (old === now) continue;
        before.set(uid, settled(uid));
        if (old !== undefined) book.release(old);
        if (now === undefined) pods.delete(uid);
        else {
          pods.set(uid, now);
          book.claim(now);
        }
      }
      for (const uid of book.takeDisputes()) if (!before.has(uid)) before.set(uid, settled(uid));
      const gone: SettledPod[] = [];
      const come: SettledPod[] = [];
      for (const [uid, old] of before) {
        const now = settle(uid);
        if (old?.subject === now?.subject && old?.peer === now?.peer) continue;
        if (old !== undefined) gone.push(old);
        if (now !== undefined) come.push(now);
      }
      return { gone, come };
    },
  };
};
