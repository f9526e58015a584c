import { createCompanionStarter } from '../../../src/kernel/companion.ts';
import { createNetlink, type Netlink } from '../../../src/kernel/netlink/netlink.ts';
import { createNftReader, type NftReader } from '../../../src/kernel/netlink/nft-reader.ts';
import { createSetReader, type SetReader } from '../../../src/kernel/netlink/set-reader.ts';

/** Returns access to the kernel's netfilter objects in the namespace of this command prefix, to be stopped with it. */
export const netlinkIn = (
  prefix: readonly string[],
): { readonly netlink: Netlink; readonly reader: SetReader; readonly nft: NftReader } => {
  const netlink = createNetlink(createCompanionStarter(prefix, 'bytes'));
  return { netlink, reader: createSetReader(netlink), nft: createNftReader(netlink) };
};
