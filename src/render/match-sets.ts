import type { IpFamily } from '../model/family.ts';
import type { IpSet, NodeProgram } from '../program/node-program.ts';
import type { SetHeader } from './netlink/ip-sets.ts';
import type { ObservedSet } from './observed.ts';

type Shape = Pick<ObservedSet, 'type' | 'family' | 'maxElements'>;

const sameShape = (listed: Shape, { type, members }: IpSet, family: IpFamily): boolean =>
  listed.type === type && listed.family === family && listed.maxElements >= members.size;

/** Whether all sets, or those that are asked about, are there in the right shape, and each holds what it should as far as `agrees` can tell. */
const matcher =
  <Listed extends Shape>(agrees: (listed: Listed, set: IpSet) => boolean) =>
  (
    listed: ReadonlyMap<string, Listed>,
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
export const matchHeaders = matcher<SetHeader>(({ entries }, { members }) => entries === members.size);

/** Whether the sets hold exactly the members that they should. */
export const matchMembers = matcher<ObservedSet>(
  (listed, { members }) => listed.members.size === members.size && members.isSubsetOf(listed.members),
);
