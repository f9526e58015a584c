import type { IpFamily } from '../model/family.ts';
import type { Hook, PolicyHook, RawHook } from '../program/node-program.ts';

/** A rule in restore text, less `-A CHAIN`; the text is canonical, so equal rules are equal strings. */
export type RuleText = string;

/** What a table of one family was seen to hold. */
export interface ObservedTable<In extends Hook = PolicyHook> {
  /** Our chains, by name, with their rules in order. */
  readonly chains: ReadonlyMap<string, readonly RuleText[]>;
  /** Everything in the built-in chains that we hook, in order; rules of others as they were printed. */
  readonly hooks: Readonly<Record<In, readonly RuleText[]>>;
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
  /** The tables that policy is judged in. A family that the node does not have is absent. */
  readonly tables: Readonly<Partial<Record<IpFamily, ObservedTable>>>;
  /** What agents up to layout 3 left in the filter tables; of families where they left nothing it may be absent. */
  readonly former?: Readonly<Partial<Record<IpFamily, ObservedTable>>>;
  /** Of the raw tables; of families that hold nothing of ours there it may be absent. */
  readonly raw?: Readonly<Partial<Record<IpFamily, ObservedTable<RawHook>>>>;
  readonly sets: ReadonlyMap<string, ObservedSet>;
}
