import type { PodEndpoint } from '../../model/pod.ts';
import { type AddressBook, createAddressBook } from './address-book.ts';

/** Pods as they were and as they are, each with the addresses that it owns. A pod that changed is in both lists. */
export interface PodChanges {
  readonly gone: readonly PodEndpoint[];
  readonly come: readonly PodEndpoint[];
}

/** The pods of the cluster with settled addresses. */
export interface PodStore {
  uids(): Iterable<string>;
  /** As it was reported, with addresses that others may own. */
  reported(uid: string): PodEndpoint | undefined;
  /** The pod that owns the address. */
  at(address: string): PodEndpoint | undefined;
  /** Takes these pods as `find` has them now. @returns what changed, also for pods that only won or lost an address */
  change(uids: Iterable<string>, find: (uid: string) => PodEndpoint | undefined): PodChanges;
}

export const createPodStore = (book: AddressBook = createAddressBook()): PodStore => {
  const pods = new Map<string, PodEndpoint>();
  /** Only of pods that do not own all their addresses. */
  const settledApart = new Map<string, PodEndpoint>();

  const settled = (uid: string): PodEndpoint | undefined => settledApart.get(uid) ?? pods.get(uid);

  const settle = (uid: string): PodEndpoint | undefined => {
    const pod = pods.get(uid);
    const now = pod === undefined ? undefined : book.settle(pod);
    if (now === undefined || now === pod) settledApart.delete(uid);
    else settledApart.set(uid, now);
    return now;
  };

  return {
    uids: () => pods.keys(),
    reported: (uid) => pods.get(uid),
    at(address) {
      const owner = book.ownerOf(address);
      return owner === undefined ? undefined : settled(owner.uid);
    },
    change(uids, find) {
      const before = new Map<string, PodEndpoint | undefined>();
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
      const gone: PodEndpoint[] = [];
      const come: PodEndpoint[] = [];
      for (const [uid, old] of before) {
        const now = settle(uid);
        if (old === now) continue;
        if (old !== undefined) gone.push(old);
        if (now !== undefined) come.push(now);
      }
      return { gone, come };
    },
  };
};
