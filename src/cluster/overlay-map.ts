/**
 * Returns a live map with some values replaced and some entries added. Replacements count for keys that the map has,
 * additions for keys that it does not have. Copies nothing: iterating costs as much as iterating the map.
 */
export const overlayMap = <K, V>(
  base: ReadonlyMap<K, V>,
  replaced: ReadonlyMap<K, V>,
  added: ReadonlyMap<K, V> = new Map(),
): ReadonlyMap<K, V> => {
  const pick = (key: K, value: V): V => (replaced.size === 0 ? value : (replaced.get(key) ?? value));
  const additions = (): IteratorObject<[K, V]> => added.entries().filter(([key]) => !base.has(key));
  function* entries(): Generator<[K, V], undefined> {
    if (replaced.size === 0) yield* base.entries();
    else for (const [key, value] of base) yield [key, pick(key, value)];
    yield* additions();
    return undefined;
  }
  const overlaid: ReadonlyMap<K, V> = {
    get size() {
      return base.size + (added.size === 0 ? 0 : [...additions()].length);
    },
    has: (key) => base.has(key) || added.has(key),
    get(key) {
      const value = base.get(key);
      return value === undefined ? added.get(key) : pick(key, value);
    },
    keys: () => (added.size === 0 ? base.keys() : entries().map(([key]) => key)),
    values: () => (replaced.size === 0 && added.size === 0 ? base.values() : entries().map(([, value]) => value)),
    entries: () => (replaced.size === 0 && added.size === 0 ? base.entries() : entries()),
    [Symbol.iterator]: () => overlaid.entries(),
    forEach(visit) {
      for (const [key, value] of overlaid) visit(value, key, overlaid);
    },
  };
  return overlaid;
};
