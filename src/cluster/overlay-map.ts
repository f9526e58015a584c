/**
 * A live map with a few of its values replaced. Only keys of the map itself count, so that what is replaced never outlives
 * its original. Takes no copy: reading all of it costs what reading the map costs.
 */
export const overlayMap = <K, V>(base: ReadonlyMap<K, V>, replaced: ReadonlyMap<K, V>): ReadonlyMap<K, V> => {
  const pick = (key: K, value: V): V => (replaced.size === 0 ? value : (replaced.get(key) ?? value));
  const entries = (): MapIterator<[K, V]> =>
    replaced.size === 0 ? base.entries() : base.entries().map(([key, value]): [K, V] => [key, pick(key, value)]);
  const overlaid: ReadonlyMap<K, V> = {
    get size() {
      return base.size;
    },
    has: (key) => base.has(key),
    get(key) {
      const value = base.get(key);
      return value === undefined ? undefined : pick(key, value);
    },
    keys: () => base.keys(),
    values: () => (replaced.size === 0 ? base.values() : base.entries().map(([key, value]) => pick(key, value))),
    entries,
    [Symbol.iterator]: entries,
    forEach(visit) {
      for (const [key, value] of entries()) visit(value, key, overlaid);
    },
  };
  return overlaid;
};
