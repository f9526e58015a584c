import type { IpFamily } from '../model/family.ts';
import type { IpSet, NodeProgram } from '../program/node-program.ts';
import type { ListedSet } from './parse-ipset-list.ts';

const sameShape = (listed: ListedSet, { type, members }: IpSet, family: IpFamily): boolean =>
  listed.type === type && listed.family === family && listed.maxElements >= members.size;

const everySet = (
  program: NodeProgram,
  families: readonly IpFamily[],
  holds: (set: IpSet, family: IpFamily) => boolean,
): boolean => families.every((family) => [...program[family].sets.values()].every((set) => holds(set, family)));

/** Whether the sets are there, in the right shape and with the right number of members. */
export const matchHeaders = (
  listed: ReadonlyMap<string, ListedSet>,
  program: NodeProgram,
  families: readonly IpFamily[],
): boolean =>
  everySet(program, families, (set, family) => {
    const seen = listed.get(set.name);
    return seen !== undefined && sameShape(seen, set, family) && seen.entries === set.members.size;
  });

/** Whether the sets hold exactly the members that they should. */
export const matchMembers = (
  listed: ReadonlyMap<string, ListedSet>,
  program: NodeProgram,
  families: readonly IpFamily[],
): boolean =>
  everySet(program, families, (set, family) => {
    const seen = listed.get(set.name);
    if (seen === undefined || !sameShape(seen, set, family)) return false;
    return seen.members.size === set.members.size && set.members.isSubsetOf(seen.members);
  });
