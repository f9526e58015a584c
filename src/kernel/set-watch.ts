import { IP_FAMILIES } from '../model/family.ts';
import { heldSet } from '../program/names.ts';
import type { SetHeader } from '../render/netlink/ip-sets.ts';
import type { SetReader } from './netlink/set-reader.ts';

/** The compared part of all sets: their headers (type, number of members, seed and so on), or the members too. */
export type Watched = 'headers' | 'members';

export interface Seen {
  /** Names of our sets that were added, removed or changed since the last check; at first all of them. */
  readonly changed: readonly string[];
  /** Size of the kernel's answers in bytes. */
  readonly size: number;
}

/**
 * Knows which of our sets are unchanged since the last check, by the kernel's unparsed messages: an unchanged set is never
 * parsed.
 */
export interface SetWatch {
  /** @throws NetlinkError; the next check starts again with all sets */
  look(watched: Watched): Promise<Seen>;
}

/** Sets whose members expire: only their shape is compared. */
const TIMED: ReadonlySet<string> = new Set(IP_FAMILIES.map(heldSet));

const shapeOf = ({ type, family, maxElements, seed }: SetHeader): string => [type, family, maxElements, seed].join();

const headerKey = (header: SetHeader): string => `${shapeOf(header)},${header.entries}`;

export const createSetWatch = (reader: SetReader): SetWatch => {
  const known: Record<Watched, ReadonlyMap<string, string>> = { headers: new Map(), members: new Map() };
  /** As they were at the last look at headers. */
  let listed: ReadonlyMap<string, SetHeader> | undefined;

  const lookAtMembers = async (
    headers: ReadonlyMap<string, SetHeader>,
  ): Promise<readonly (readonly [name: string, key: string, size: number])[]> =>
    Promise.all(
      [...headers.values()].map(async (header) => {
        const { name } = header;
        if (TIMED.has(name)) return [name, shapeOf(header), 0] as const;
        const { digest, size } = (await reader.digest(name)) ?? { digest: '', size: 0 };
        return [name, digest, size] as const;
      }),
    );

  return {
    async look(watched) {
      const headers = await reader.headers();
      if (watched === 'headers' && headers === listed) return { changed: [], size: 0 };
      if (watched === 'headers') listed = headers;
      else reader.keepDigests((name) => headers.has(name));
      const looked =
        watched === 'members'
          ? await lookAtMembers(headers)
          : [...headers.values()].map(
              (header) => [header.name, TIMED.has(header.name) ? shapeOf(header) : headerKey(header), 0] as const,
            );
      const before = known[watched];
      const seen = new Map(looked.map(([name, key]) => [name, key]));
      known[watched] = seen;
      const changed = [
        ...[...seen].filter(([name, key]) => before.get(name) !== key).map(([name]) => name),
        ...[...before.keys()].filter((name) => !seen.has(name)),
      ];
      return { changed, size: looked.reduce((sum, [, , size]) => sum + size, 0) };
    },
  };
};
