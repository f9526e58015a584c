import type { Labels } from '../model/labels.ts';
import type { Intern } from './intern.ts';
import { asObject, asText } from './raw.ts';

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

const NO_LABELS: Labels = new Map();

export const sameLabels = (one: Labels, other: Labels): boolean => {
  if (one.size !== other.size) return false;
  for (const [key, value] of one) if (other.get(key) !== value) return false;
  return true;
};

const interned = (read: Labels, intern: Intern): Labels => {
  const labels = new Map<string, string>();
  for (const [key, text] of read) labels.set(intern(key), intern(text));
  return labels;
};

const readObject = (value: unknown): Labels => {
  const labels = new Map<string, string>();
  for (const [key, raw] of Object.entries(asObject(value))) {
    const text = asText(raw);
    if (text !== undefined) labels.set(key, text);
  }
  return labels;
};

/**
 * Returns `metadata.labels`, from JSON or protobuf (message.ts), as a map of interned strings.
 *
 * @param like returned where it has the same labels
 */
export const trimLabels = (value: unknown, intern: Intern, like: Labels = NO_LABELS): Labels => {
  const read = value instanceof Map ? (value as Labels) : readObject(value);
  if (sameLabels(read, like)) return like;
  return read.size === 0 ? NO_LABELS : interned(read, intern);
};
