import type { IpFamily } from '../../model/family.ts';

/**
 * Limits what one update may add to the kernel. A rule takes 1, a member of a set takes 0.1: iptables-nft needs 22 µs for a
 * rule, ipset 2 µs for a member.
 */
export interface Room {
  left: number;
  /** The part of it for what is too large for one update; all of it if absent. */
  readonly forLarge?: number;
  /** Reports whether the kernel already has a chain or set of this name, which then takes no room. */
  readonly has?: (family: IpFamily, name: string) => boolean;
  /** Whether isolations that are too large for one update must wait, because small changes come first. */
  readonly isForSmall?: boolean;
}

export const endlessRoom = (): Room => ({ left: Number.POSITIVE_INFINITY });

export const MEMBER_COST = 0.1;
