/** Things in classes: those that no set so far tells apart are in one. */
export interface Partition {
  /** Tells the members of a set apart from all others. */
  split(members: Iterable<number>): void;
  /** The class of each thing, from 0 on without gaps, in the order of the things. */
  classes(): Classes;
}

export interface Classes {
  readonly classOf: Uint32Array;
  readonly members: readonly (readonly number[])[];
}

/** @param size how many things there are; they are numbered from 0 on */
export const createPartition = (size: number): Partition => {
  const classOf = new Uint32Array(size);
  /** The split that a thing was last a member of: a set may name it twice. */
  const seen = new Uint32Array(size);
  let next = 1;
  let splits = 0;
  return {
    split(members) {
      splits += 1;
      const moved = new Map<number, number>();
      for (const member of members) {
        if (seen[member] === splits) continue;
        seen[member] = splits;
        const before = classOf[member] ?? 0;
        let now = moved.get(before);
        if (now === undefined) {
          now = next;
          next += 1;
          moved.set(before, now);
        }
        classOf[member] = now;
      }
    },
    classes() {
      const numbers = new Map<number, number>();
      const members: number[][] = [];
      const dense = classOf.map((old, member) => {
        const known = numbers.get(old);
        const number = known ?? members.length;
        if (known === undefined) {
          numbers.set(old, number);
          members.push([]);
        }
        members[number]?.push(member);
        return number;
      });
      return { classOf: dense, members };
    },
  };
};
