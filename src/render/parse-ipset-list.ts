import { isOwnSet } from '../program/names.ts';
import { withoutDottedTail } from './dotted-tail.ts';
import type { ObservedSet } from './observed.ts';

/** A set of ours as `ipset list` told of it. */
export interface ListedSet extends ObservedSet {
  /** How many members it has; with `-terse` that is all that is told of them. */
  readonly entries: number;
  /** Chosen at random when a set is made: another one means that the set was made anew or swapped. */
  readonly seed: string;
}

const NAME = 'Name: ';
const MEMBERS = '\nMembers:\n';

const TYPE = /^Type: (.*)$/m;
const HEADER = /^Header: (.*)$/m;
const ENTRIES = /^Number of entries: (.*)$/m;

const field = (head: string, line: RegExp): string => line.exec(head)?.[1] ?? '';

const readBlock = (block: string): ListedSet => {
  const at = block.indexOf(MEMBERS);
  const head = at < 0 ? block : block.slice(0, at);
  const words = field(head, HEADER).split(' ');
  const option = (name: string): string | undefined => words[words.indexOf(name) + 1];
  const lines = at < 0 ? [] : block.slice(at + MEMBERS.length).split('\n');
  const members = lines.filter((line) => line !== '').map((line) => withoutDottedTail(line.split(' ', 1)[0] ?? ''));
  return {
    type: field(head, TYPE),
    family: option('family') === 'inet6' ? 'ipv6' : 'ipv4',
    maxElements: Number(option('maxelem') ?? 0),
    members: new Set(members),
    entries: Number(field(head, ENTRIES)),
    seed: option('initval') ?? '',
  };
};

/** Reads what `ipset list` or `ipset list -terse` printed: our sets, or those of them that are asked for. */
export const parseIpsetList = (
  text: string,
  isAsked: (name: string) => boolean = () => true,
): ReadonlyMap<string, ListedSet> =>
  new Map(
    text.split('\n\n').flatMap((block): readonly (readonly [string, ListedSet])[] => {
      const start = block.indexOf(NAME);
      if (start < 0) return [];
      const name = block.slice(start + NAME.length, block.indexOf('\n', start));
      return isOwnSet(name) && isAsked(name) ? [[name, readBlock(block.slice(start))]] : [];
    }),
  );
