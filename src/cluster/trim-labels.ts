import type { Labels } from '../model/labels.ts';
import type { Intern } from './intern.ts';
import { asObject, asText } from './raw.ts';

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
