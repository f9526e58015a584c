import type { IpFamily } from '../model/family.ts';
import type { SetName } from '../program/names.ts';
import type { NodeProgram } from '../program/node-program.ts';
import { matchHeaders, matchMembers } from '../render/match-sets.ts';
import type { SetHeader } from '../render/netlink/ip-sets.ts';
import type { SetReader } from './netlink/set-reader.ts';
import { createSetWatch, type Watched } from './set-watch.ts';

/** Checks sets without reading all their members, or without reading them again. */
export interface SetLists {
  /**
   * Reports whether exactly the wanted sets exist, unchanged since the last check, with the right number of members, and if
   * `watched` says so, with exactly the right members.
   *
   * @param of all families if absent
   * @throws Error
   */
  hold(program: NodeProgram, watched: Watched, of?: readonly IpFamily[]): Promise<SetsHold>;
  /** Takes lines of `ipset restore` that were applied, at least in part: the sets that they name may have changed. */
  changed(lines: string): void;
}

export interface SetsHold {
  readonly holds: boolean;
  /** Size of the kernel's answers in bytes. */
  readonly size: number;
}

/** The set that a line of `ipset restore` changes; both sets of a swap. */
const CHANGED = /^(?:create|add|del|flush|destroy) (\S+)|^swap (\S+) (\S+)/gm;

export const createSetLists = (reader: SetReader, families: readonly IpFamily[]): SetLists => {
  const watch = createSetWatch(reader);
  let seeds: ReadonlyMap<string, number> = new Map();
  /** Sets that we changed since the last request for all sets. */
  let own = new Set<string>();
  /** Sets that were not found to be right as they are. */
  const doubtful = { headers: new Set<string>(), members: new Set<string>() };

  /** Reports whether another program re-created or swapped the set, or whether it is new and unwanted. */
  const isNew = (name: string, { seed }: SetHeader, program: NodeProgram): boolean => {
    if (own.has(name)) return false;
    const before = seeds.get(name);
    return before === undefined
      ? families.every((family) => !program[family].sets.has(name as SetName))
      : before !== seed;
  };

  const headersHold = async (program: NodeProgram, of: readonly IpFamily[]): Promise<boolean> => {
    if (doubtful.headers.size === 0) return true;
    const listed = await reader.headers();
    const someNew = [...listed].some(([name, set]) => isNew(name, set, program));
    own = new Set();
    seeds = new Map([...listed].map(([name, { seed }]) => [name, seed]));
    const holds = !someNew && matchHeaders(listed, program, of);
    if (holds) doubtful.headers.clear();
    return holds;
  };

  const membersHold = async (program: NodeProgram, of: readonly IpFamily[]): Promise<boolean> => {
    if (doubtful.members.size === 0) return true;
    const isDoubted = (name: string): boolean => doubtful.members.has(name);
    const listed = await reader.read(isDoubted);
    const holds = matchMembers(listed, program, of, isDoubted);
    if (holds) doubtful.members.clear();
    return holds;
  };

  return {
    async hold(program, watched, of = families) {
      const { changed, size } = await watch.look(watched);
      for (const name of changed) {
        doubtful.headers.add(name);
        if (watched === 'members') doubtful.members.add(name);
      }
      const holds = (await headersHold(program, of)) && (watched === 'headers' || (await membersHold(program, of)));
      return { holds, size };
    },
    changed(lines) {
      for (const [, one, first, second] of lines.matchAll(CHANGED)) {
        for (const name of [one, first, second]) {
          if (name === undefined) continue;
          own.add(name);
          doubtful.headers.add(name);
          doubtful.members.add(name);
        }
      }
    },
  };
};
