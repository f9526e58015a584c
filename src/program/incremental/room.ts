import type { IpFamily } from '../../model/family.ts';

/**
 * What one update may bring into the kernel. A rule takes 1, a member of a set a tenth: iptables-nft needs 22 µs for a rule,
 * ipset 2 µs for a member.
 */
export interface Room {
  left: number;
  /** Of it for what is too large for one update; all of it where absent. */
  readonly forLarge?: number;
  /** Whether the kernel has a chain or set of this name already, so that it takes no room. */
  readonly has?: (family: IpFamily, name: string) => boolean;
  /** What is too large for one update has to wait: there is something small to be done. */
  readonly isForSmall?: boolean;
}

export const endlessRoom = (): Room => ({ left: Number.POSITIVE_INFINITY });

export const MEMBER_COST = 0.1;
