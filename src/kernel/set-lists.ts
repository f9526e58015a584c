import type { IpFamily } from '../model/family.ts';
import type { SetName } from '../program/names.ts';
import type { NodeProgram } from '../program/node-program.ts';
import { matchHeaders, matchMembers } from '../render/match-sets.ts';
import { type ListedSet, parseIpsetList } from '../render/parse-ipset-list.ts';
import type { CommandRunner } from './command.ts';
import type { SetWatch } from './set-watch.ts';

/** Looks at the sets without reading all that they hold, or without reading it again. */
export interface SetLists {
  /** Are the sets there, the same as last time, with the right number of members, and no others? @throws Error */
  headersHold(program: NodeProgram): Promise<boolean>;
  /** Do they hold exactly the right members? @throws Error */
  membersHold(program: NodeProgram): Promise<MembersHold>;
  /** The program was changed. */
  forget(): void;
}

export interface MembersHold {
  readonly holds: boolean;
  /** What the kernel told of them, bytes. */
  readonly size: number;
}

export const createSetLists = (runner: CommandRunner, watch: SetWatch, families: readonly IpFamily[]): SetLists => {
  let known: ReadonlyMap<string, string> = new Map();
  /** The versions that were found right. */
  let right: { readonly headers?: string; readonly members?: string } = {};

  /** Made anew or swapped; or new, and nothing that the program asks for. */
  const isNew = (name: string, { seed, family }: ListedSet, program: NodeProgram): boolean => {
    const before = known.get(name);
    return before === undefined ? !program[family].sets.has(name as SetName) : before !== seed;
  };

  return {
    async headersHold(program) {
      const { version } = await watch.look('headers');
      if (version === right.headers) return true;
      const listed = parseIpsetList(await runner.run('ipset', ['list', '-terse']));
      const someNew = [...listed].some(([name, set]) => isNew(name, set, program));
      known = new Map([...listed].map(([name, { seed }]) => [name, seed]));
      const holds = !someNew && matchHeaders(listed, program, families);
      if (holds) right = { ...right, headers: version };
      return holds;
    },
    async membersHold(program) {
      const { version, size } = await watch.look('members');
      if (version === right.members) return { holds: true, size };
      const holds = matchMembers(parseIpsetList(await runner.run('ipset', ['list'])), program, families);
      if (holds) right = { ...right, members: version };
      return { holds, size };
    },
    forget() {
      right = {};
    },
  };
};
