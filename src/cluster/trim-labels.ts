import type { Labels } from '../model/labels.ts';
import type { Intern } from './intern.ts';
import { asObject, asText } from './raw.ts';

const NO_LABELS: Labels = new Map();

const trimMap = (read: ReadonlyMap<string, string>, intern: Intern): Labels => {
  const labels = new Map<string, string>();
  for (const [key, text] of read) labels.set(intern(key), intern(text));
  return labels;
};

/** `metadata.labels`, from JSON or as protobuf has them (message.ts), as a map with the strings interned. */
export const trimLabels = (value: unknown, intern: Intern): Labels => {
  if (value instanceof Map) return trimMap(value as ReadonlyMap<string, string>, intern);
  const labels = new Map<string, string>();
  for (const [key, raw] of Object.entries(asObject(value))) {
    const text = asText(raw);
    if (text !== undefined) labels.set(intern(key), intern(text));
  }
  return labels.size === 0 ? NO_LABELS : labels;
};

export const sameLabels = (one: Labels, other: Labels): boolean =>
  one.size === other.size && one.entries().every(([key, value]) => other.get(key) === value);
