import type { IpFamily } from '../model/family.ts';
import type { Hook, PolicyHook, RawHook } from '../program/node-program.ts';

/** A rule in restore text without `-A CHAIN`. The text is canonical, so equal rules have equal text. */
export type RuleText = string;

/** The content of one table of a family as it was read. */
export interface ObservedTable<In extends Hook = PolicyHook> {
  /** Our chains, by name, with their rules in order. */
  readonly chains: ReadonlyMap<string, readonly RuleText[]>;
  /** All rules in the built-in chains that we hook, in order; rules of other programs as they were printed. */
  readonly hooks: Readonly<Record<In, readonly RuleText[]>>;
  /** Our chains that rules in other programs' chains lead to: these chains cannot be deleted. */
  readonly heldByOthers: ReadonlySet<string>;
}

/** A set of ours as it was read. */
export interface ObservedSet {
  readonly type: string;
  readonly family: IpFamily;
  /** Maximum number of members. */
  readonly maxElements: number;
  readonly members: ReadonlySet<string>;
}

/** Our part of the kernel's state as it was read. */
export interface Observed {
  /** The tables in which policy is judged. A family that the node does not have is absent. */
  readonly tables: Readonly<Partial<Record<IpFamily, ObservedTable>>>;
  /** The filter tables, where agents up to layout 3 may have left chains. A family without such chains may be absent. */
  readonly former?: Readonly<Partial<Record<IpFamily, ObservedTable>>>;
  /** The raw tables. A family without anything of ours there may be absent. */
  readonly raw?: Readonly<Partial<Record<IpFamily, ObservedTable<RawHook>>>>;
  readonly sets: ReadonlyMap<string, ObservedSet>;
}
