import type { IpFamily } from '../model/family.ts';
import type { Hook } from '../program/node-program.ts';

/** A rule in restore text, less `-A CHAIN`; the text is canonical, so equal rules are equal strings. */
export type RuleText = string;

/** What one family's filter table was seen to hold. */
export interface ObservedTable {
  /** Our chains, by name, with their rules in order. */
  readonly chains: ReadonlyMap<string, readonly RuleText[]>;
  /** Everything in the built-in chains that we hook, in order, foreign rules included. */
  readonly hooks: Readonly<Record<Hook, readonly RuleText[]>>;
  /** Chains of ours that rules in chains of others lead to: they cannot be deleted. */
  readonly heldByOthers: ReadonlySet<string>;
}

/** A set of ours as it was seen. */
export interface ObservedSet {
  readonly type: string;
  readonly family: IpFamily;
  /** The most members it can hold. */
  readonly maxElements: number;
  readonly members: ReadonlySet<string>;
}

/** What the kernel was seen to hold of ours. */
export interface Observed {
  /** A family that the node does not have is absent. */
  readonly tables: Readonly<Partial<Record<IpFamily, ObservedTable>>>;
  readonly sets: ReadonlyMap<string, ObservedSet>;
}
