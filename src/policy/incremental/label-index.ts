import type { Labels, LabelSelector } from '../../model/labels.ts';

interface Labelled {
  readonly labels: Labels;
}

/** A small superset of the objects that a selector selects. */
export interface Candidates<T> {
  readonly size: number;
  readonly items: Iterable<T>;
}

/** Finds objects by labels. Indexes only keys that selectors have used, since most labels are in no selector. */
export interface LabelIndex<T> {
  add(item: T): void;
  /** Removes an object, given as the same object that was added. */
  remove(item: T): void;
  /** Returns the fewest objects that one requirement of the selector leaves; undefined if no requirement can be looked up. */
  candidates(selector: LabelSelector): Candidates<T> | undefined;
}

interface KeyIndex<T> {
  readonly byValue: Map<string, Set<T>>;
  /** Number of objects that have the key. */
  size: number;
}

/** @param all returns all current objects; used to index a key on its first use */
export const createLabelIndex = <T extends Labelled>(all: () => Iterable<T>): LabelIndex<T> => {
  const byKey = new Map<string, KeyIndex<T>>();

  const addTo = (index: KeyIndex<T>, value: string | undefined, item: T): void => {
    if (value === undefined) return;
    const items = index.byValue.get(value);
    if (items === undefined) index.byValue.set(value, new Set([item]));
    else items.add(item);
    index.size += 1;
  };

  const indexOf = (key: string): KeyIndex<T> => {
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const index: KeyIndex<T> = { byValue: new Map(), size: 0 };
    for (const item of all()) addTo(index, item.labels.get(key), item);
    byKey.set(key, index);
    return index;
  };

  const lookUp = ({ key, operator, values }: LabelSelector['requirements'][number]): Candidates<T> | undefined => {
    if (operator !== 'In' && operator !== 'Exists') return undefined;
    const { byValue, size } = indexOf(key);
    if (operator === 'Exists') return { size, items: byValue.values().flatMap((items) => items) };
    const found = values.flatMap((value) => byValue.get(value) ?? []);
    return { size: found.reduce((sum, items) => sum + items.size, 0), items: found.values().flatMap((items) => items) };
  };

  return {
    add(item) {
      for (const [key, index] of byKey) addTo(index, item.labels.get(key), item);
    },
    remove(item) {
      for (const [key, index] of byKey) {
        const value = item.labels.get(key);
        const items = value === undefined ? undefined : index.byValue.get(value);
        if (value === undefined || items === undefined) continue;
        items.delete(item);
        if (items.size === 0) index.byValue.delete(value);
        index.size -= 1;
      }
    },
    candidates(selector) {
      let fewest: Candidates<T> | undefined;
      for (const requirement of selector.requirements) {
        const found = lookUp(requirement);
        if (found !== undefined && (fewest === undefined || found.size < fewest.size)) fewest = found;
      }
      return fewest;
    },
  };
};
