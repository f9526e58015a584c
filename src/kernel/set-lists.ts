import type { IpFamily } from '../model/family.ts';
import type { SetName } from '../program/names.ts';
import type { NodeProgram } from '../program/node-program.ts';
import { matchHeaders, matchMembers } from '../render/match-sets.ts';
import { type ListedSet, parseIpsetList } from '../render/parse-ipset-list.ts';
import type { CommandRunner } from './command.ts';
import type { IpsetSession } from './ipset-session.ts';
import { rememberRight } from './remember-right.ts';

/** Looks at the sets without reading all that they hold, or without reading it again. */
export interface SetLists {
  /** Are the sets there, the same as last time, with the right number of members, and no others? @throws Error */
  headersHold(program: NodeProgram): Promise<boolean>;
  /** Do they hold exactly the right members? @throws CommandError */
  membersHold(program: NodeProgram): Promise<boolean>;
  /** The program was changed. */
  forget(): void;
}

export const createSetLists = (
  runner: CommandRunner,
  session: IpsetSession,
  families: readonly IpFamily[],
): SetLists => {
  let known: ReadonlyMap<string, string> = new Map();
  const headers = rememberRight();
  const members = rememberRight();

  /** Made anew or swapped; or new, and nothing that the program asks for. */
  const isNew = (name: string, { seed, family }: ListedSet, program: NodeProgram): boolean => {
    const before = known.get(name);
    return before === undefined ? !program[family].sets.has(name as SetName) : before !== seed;
  };

  return {
    async headersHold(program) {
      const text = await session.headers();
      return headers.isRight(text, () => {
        const listed = parseIpsetList(text);
        const someNew = [...listed].some(([name, set]) => isNew(name, set, program));
        known = new Map([...listed].map(([name, { seed }]) => [name, seed]));
        return !someNew && matchHeaders(listed, program, families);
      });
    },
    async membersHold(program) {
      const text = await runner.run('ipset', ['list']);
      return members.isRight(text, () => matchMembers(parseIpsetList(text), program, families));
    },
    forget() {
      headers.forget();
      members.forget();
    },
  };
};
