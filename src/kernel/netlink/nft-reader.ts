import type { IpFamily } from '../../model/family.ts';
import type { NetlinkMessage, NetlinkRequest } from '../../render/netlink/message.ts';
import {
  chainIn,
  type ChainPlace,
  chainsRequest,
  deleteRuleRequest,
  type NftChain,
  type NftRule,
  ruleIn,
  rulesRequest,
} from '../../render/netlink/nft-rules.ts';
import { askUntilWhole, type Netlink, NetlinkError } from './netlink.ts';

/**
 * Reads nftables without parsing what rules consist of: foreign rules may need an extension that this machine's tools
 * lack, or may not be printable by iptables.
 */
export interface NftReader {
  /** Returns all chains of the family's tables. @throws NetlinkError */
  chains(family: IpFamily): Promise<readonly NftChain[]>;
  /** Returns the rules of a chain in order; none for a missing chain. @throws NetlinkError */
  rules(place: ChainPlace): Promise<readonly NftRule[]>;
  /**
   * Deletes exactly that rule, wherever it is now. @throws NetlinkError if it cannot, for example because the rule is
   * gone
   */
  deleteRule(place: ChainPlace, rule: NftRule): Promise<void>;
}

/** errno(3) */
const ENOENT = -2;

export const createNftReader = (netlink: Netlink): NftReader => {
  const ask = (request: NetlinkRequest): Promise<readonly NetlinkMessage[]> => askUntilWhole(netlink, request);
  return {
    async chains(family) {
      return (await ask(chainsRequest(family))).map(chainIn);
    },
    async rules(place) {
      try {
        return (await ask(rulesRequest(place))).map(ruleIn);
      } catch (error) {
        if (error instanceof NetlinkError && error.code === ENOENT) return [];
        throw error;
      }
    },
    async deleteRule(place, { handle }) {
      try {
        await netlink.request(deleteRuleRequest(place, handle));
      } catch (error) {
        if (!(error instanceof NetlinkError) || error.code !== ENOENT) throw error;
      }
    },
  };
};
