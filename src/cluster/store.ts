/** The newest state of one kind. Only differences count as changes: a re-list or a heartbeat triggers nothing. */
export interface Store<K, T> {
  /** The live map. */
  readonly objects: ReadonlyMap<K, T>;
  /** @returns whether anything differs now; undefined removes. */
  put(key: K, value: T | undefined): boolean;
  /** Takes a full list in one step. @returns the keys that came, changed or went. */
  replace(next: ReadonlyMap<K, T>): readonly K[];
}

export const createStore = <K, T>(same: (one: T, other: T) => boolean): Store<K, T> => {
  const objects = new Map<K, T>();

  const put = (key: K, value: T | undefined): boolean => {
    const known = objects.get(key);
    if (value === undefined) return objects.delete(key);
    if (known !== undefined && same(known, value)) return false;
    objects.set(key, value);
    return true;
  };

  return {
    objects,
    put,
    replace(next) {
      const gone = [...objects.keys()].filter((key) => !next.has(key));
      const changed = [...next].filter(([key, value]) => put(key, value)).map(([key]) => key);
      for (const key of gone) objects.delete(key);
      return [...changed, ...gone];
    },
  };
};
