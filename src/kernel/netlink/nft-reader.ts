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
 * Looks at what nftables holds without understanding what rules are made of: those of others may need an extension that this
 * machine's tools lack, or be none that iptables can print.
 */
export interface NftReader {
  /** All chains of the family's tables. @throws NetlinkError */
  chains(family: IpFamily): Promise<readonly NftChain[]>;
  /** The rules of a chain, in order; none where there is no such chain. @throws NetlinkError */
  rules(place: ChainPlace): Promise<readonly NftRule[]>;
  /** Deletes just that rule, wherever it is by now. @throws NetlinkError where it cannot; it may be gone */
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
