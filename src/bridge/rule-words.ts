import type { DropReason } from './bridge-program.ts';

/** Parts of nft(8) rules that several directions share. */

/** In bytes. ARP of Ethernet and IPv4 has 28 bytes, in the shortest frame 46: a longer packet carries something else. */
export const LONGEST_ARP = 46;
/** In bytes: the IPv6 header, a solicitation, and the options for the sender's MAC and a nonce (RFC 4861, RFC 7527). */
export const LONGEST_DISCOVERY = 80;

export const drop = (reason: DropReason): string => `goto drop-${reason}`;

/** The target of a neighbour solicitation or advertisement. */
export const TARGET = '@th,64,128';
export const IS_DISCOVERY = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }';
/** Router discovery and redirects, which isolated pods may neither receive nor send. */
export const OF_ROUTERS = 'icmpv6 type { nd-router-solicit, nd-router-advert, nd-redirect }';
export const IS_MLD =
  'icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report }';
/** A unicast MAC: the group bit is not set. */
export const UNICAST = 'ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00';

/** A chain of the table. */
export interface Chain {
  readonly name: string;
  /** Type, hook and priority of a base chain. */
  readonly base?: string;
  readonly rules: readonly string[];
}
