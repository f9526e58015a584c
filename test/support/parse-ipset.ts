import { isOwnSet } from '../../src/program/names.ts';
import { withoutDottedTail } from '../../src/render/dotted-tail.ts';
import type { ObservedSet } from '../../src/render/observed.ts';

interface OpenSet extends ObservedSet {
  readonly members: Set<string>;
}

const readCreate = (words: readonly string[]): OpenSet => {
  const option = (name: string): string | undefined => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : words[at + 1];
  };
  return {
    type: words[2] ?? '',
    family: option('family') === 'inet6' ? 'ipv6' : 'ipv4',
    maxElements: Number(option('maxelem') ?? 0),
    members: new Set(),
  };
};

/** Parses the output of `ipset save`: our sets; skips others. */
export const parseIpsetSave = (text: string): ReadonlyMap<string, ObservedSet> => {
  const sets = new Map<string, OpenSet>();
  for (const line of text.split('\n')) {
    const words = line.split(' ');
    const [verb, name = '', member = ''] = words;
    if (!isOwnSet(name)) continue;
    if (verb === 'create') sets.set(name, readCreate(words));
    else if (verb === 'add') sets.get(name)?.members.add(withoutDottedTail(member));
  }
  return sets;
};
