import type { IpFamily } from '../model/family.ts';
import type { IpSet, NodeProgram } from '../program/node-program.ts';
import type { ListedSet } from './parse-ipset-list.ts';

const sameShape = (listed: ListedSet, { type, members }: IpSet, family: IpFamily): boolean =>
  listed.type === type && listed.family === family && listed.maxElements >= members.size;

/** Whether all sets, or those that are asked about, are there in the right shape, and each holds what it should as far as `agrees` can tell. */
const matcher =
  (agrees: (listed: ListedSet, set: IpSet) => boolean) =>
  (
    listed: ReadonlyMap<string, ListedSet>,
    program: NodeProgram,
    families: readonly IpFamily[],
    isAsked: (name: string) => boolean = () => true,
  ): boolean =>
    families.every((family) =>
      [...program[family].sets.values()].every((set) => {
        if (!isAsked(set.name)) return true;
        const seen = listed.get(set.name);
        if (seen === undefined || !sameShape(seen, set, family)) return false;
        // What such a set holds comes and goes by itself.
        return set.timeoutSeconds !== undefined || agrees(seen, set);
      }),
    );

/** Whether the sets are there, in the right shape and with the right number of members. */
export const matchHeaders = matcher(({ entries }, { members }) => entries === members.size);

/** Whether the sets hold exactly the members that they should. */
export const matchMembers = matcher(
  (listed, { members }) => listed.members.size === members.size && members.isSubsetOf(listed.members),
);
