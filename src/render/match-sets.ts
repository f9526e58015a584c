import type { IpFamily } from '../model/family.ts';
import type { IpSet, NodeProgram } from '../program/node-program.ts';
import type { SetHeader } from './netlink/ip-sets.ts';
import type { ObservedSet } from './observed.ts';

type Shape = Pick<ObservedSet, 'type' | 'family' | 'maxElements'>;

const sameShape = (listed: Shape, { type, members }: IpSet, family: IpFamily): boolean =>
  listed.type === type && listed.family === family && listed.maxElements >= members.size;

/** Reports whether the selected sets exist with the right shape, and `agrees` accepts each one's content. */
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
        // Members of such a set are added and expire at run time.
        return set.timeoutSeconds !== undefined || agrees(seen, set);
      }),
    );

/** Reports whether the sets exist with the right shape and the right number of members. */
export const matchHeaders = matcher<SetHeader>(({ entries }, { members }) => entries === members.size);

/** Reports whether the sets have exactly the wanted members. */
export const matchMembers = matcher<ObservedSet>(
  (listed, { members }) => listed.members.size === members.size && members.isSubsetOf(listed.members),
);
