/** The members that were added to a set and removed from it; none is in both. */
export interface MemberChange {
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

/** By the set itself, which has changed already. Unchanged sets may be missing or have an empty change. */
export type MemberChanges = ReadonlyMap<ReadonlySet<string>, MemberChange>;

/** Changes sets and records the net changes. */
export interface MemberRecord {
  add(set: Set<string>, member: string): void;
  remove(set: Set<string>, member: string): void;
  changes(): MemberChanges;
}

interface OpenChange {
  readonly added: Set<string>;
  readonly removed: Set<string>;
}

export const createMemberRecord = (): MemberRecord => {
  const changes = new Map<ReadonlySet<string>, OpenChange>();

  const changeOf = (set: ReadonlySet<string>): OpenChange => {
    const known = changes.get(set);
    if (known !== undefined) return known;
    const change: OpenChange = { added: new Set(), removed: new Set() };
    changes.set(set, change);
    return change;
  };

  return {
    add(set, member) {
      if (set.has(member)) return;
      set.add(member);
      const { added, removed } = changeOf(set);
      if (!removed.delete(member)) added.add(member);
    },
    remove(set, member) {
      if (!set.delete(member)) return;
      const { added, removed } = changeOf(set);
      if (!added.delete(member)) removed.add(member);
    },
    changes: () => changes,
  };
};
