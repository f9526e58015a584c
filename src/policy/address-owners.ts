import type { PodEndpoint } from '../model/pod.ts';
import { createAddressBook } from './incremental/address-book.ts';

/** The pods with the addresses that each owns, see AddressBook. */
export const settleAddresses = (pods: Iterable<PodEndpoint>): readonly PodEndpoint[] => {
  const all = [...pods];
  const book = createAddressBook();
  all.forEach(book.claim);
  return all.map(book.settle);
};
