import { type AddressBook, createAddressBook } from '../addresses/address-book.ts';
import type { PodEndpoint } from '../model/pod.ts';

/** Returns whose each address is. */
export const settleAddresses = (pods: Iterable<PodEndpoint>): Pick<AddressBook, 'ownershipOf' | 'settle'> => {
  const book = createAddressBook();
  for (const pod of pods) book.claim(pod);
  return book;
};
