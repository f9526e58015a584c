import { type AddressBook, createAddressBook, type SettledPod } from '../../addresses/address-book.ts';
import type { PodEndpoint } from '../../model/pod.ts';

/** Pods before and after a change, each with its settled addresses. A changed pod is in both lists. */
export interface PodChanges {
  readonly gone: readonly SettledPod[];
  readonly come: readonly SettledPod[];
}

/** The pods of the cluster with settled addresses. */
export interface PodStore {
  uids(): Iterable<string>;
  /** Returns the pod as reported, with addresses that other pods may own. */
  reported(uid: string): PodEndpoint | undefined;
  /** Returns the pods that may own the address, each with all addresses that it may own. */
  at(address: string): readonly PodEndpoint[];
  /** Updates these pods to what `find` returns. @returns the changes, also of pods that only won or lost an address */
  change(uids: Iterable<string>, find: (uid: string) => PodEndpoint | undefined): PodChanges;
}

export const createPodStore = (book: AddressBook = createAddressBook()): PodStore => {
  const pods = new Map<string, PodEndpoint>();
  /** Only pods that do not own all their reported addresses, or not with certainty. */
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
