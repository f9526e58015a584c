import { type AddressBook, createAddressBook } from '../addresses/address-book.ts';
import type { PodEndpoint } from '../model/pod.ts';

/** Decides which pod owns each address. */
export const settleAddresses = (pods: Iterable<PodEndpoint>): Pick<AddressBook, 'ownershipOf' | 'settle'> => {
  const book = createAddressBook();
  for (const pod of pods) book.claim(pod);
  return book;
};
