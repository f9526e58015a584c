import type { FieldPath } from '../../model/field-path.ts';
import type { Place } from './place.ts';

const OPENERS = new Set(['{', '[']);
const BLANK = /\s/;

/** Returns the offset behind a string that begins at `at`, its quotes included. */
const endOfString = (text: string, at: number): number => {
  let end = text.indexOf('"', at + 1);
  for (;;) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
};

/** Returns the offset of the first character from `at` on that is neither blank, a comma nor a colon. */
const nextToken = (text: string, at: number): number => {
  let next = at;
  while (next < text.length && (BLANK.test(text[next] ?? '') || text[next] === ',' || text[next] === ':')) next += 1;
  return next;
};

/** Returns the offset behind the value that begins at `at`. */
const endOfValue = (text: string, at: number): number => {
  const first = text[at] ?? '';
  if (first === '"') return endOfString(text, at);
  let next = at;
  if (!OPENERS.has(first)) {
    while (next < text.length && !/[\s,\]}]/.test(text[next] ?? '')) next += 1;
    return next;
  }
  let depth = 0;
  // Everything between brackets and strings is skipped by one search.
  const marks = /["[\]{}]/g;
  for (;;) {
    marks.lastIndex = next;
    const mark = marks.exec(text);
    if (mark === null) return text.length;
    const [found] = mark;
    if (found === '"') {
      next = endOfString(text, mark.index);
      continue;
    }
    depth += OPENERS.has(found) ? 1 : -1;
    next = mark.index + 1;
    if (depth === 0) return next;
  }
};

interface Member {
  readonly key: number;
  readonly value: number;
}

/** Returns where the members of the object at `at` begin, by key; of a key that is there twice the last one. */
const membersOf = (text: string, at: number): ReadonlyMap<string, Member> => {
  const members = new Map<string, Member>();
  let key = nextToken(text, at + 1);
  while (text[key] === '"') {
    const end = endOfString(text, key);
    const value = nextToken(text, end);
    members.set(JSON.parse(text.slice(key, end)) as string, { key, value });
    key = nextToken(text, endOfValue(text, value));
  }
  return members;
};

const itemsOf = (text: string, at: number): readonly number[] => {
  const items: number[] = [];
  let item = nextToken(text, at + 1);
  while (item < text.length && text[item] !== ']') {
    items.push(item);
    item = nextToken(text, endOfValue(text, item));
  }
  return items;
};

/** Returns the offsets at which the lines of a text begin. */
const lineStartsOf = (text: string): readonly number[] => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
};

/** Returns how many of the sorted numbers are at most the given one. */
const countUpTo = (sorted: readonly number[], most: number): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Longer lists are scanned only once: the place of each item is needed in a List of a whole cluster. */
const LONG_LIST = 16;

/**
 * Finds places in a text that JSON.parse takes: a field's value, its key where the value is an object or a list, or the
 * nearest one around a field that is not there. Nothing is read before the first question.
 */
export const createJsonPlaces = (text: string, file: string): ((field: FieldPath) => Place) => {
  const longLists = new Map<number, readonly number[]>();
  let lineStarts: readonly number[] | undefined;
  let root: ReadonlyMap<string, Member> | undefined;

  const itemAt = (list: number, index: number): number | undefined => {
    const items = longLists.get(list) ?? itemsOf(text, list);
    if (items.length > LONG_LIST) longLists.set(list, items);
    return items[index];
  };

  const offsetOf = (field: FieldPath): number => {
    const start = nextToken(text, 0);
    let value = start;
    let offset = start;
    for (const step of field) {
      const opener = text[value];
      const members = value === start ? (root ??= membersOf(text, start)) : membersOf(text, value);
      const member = opener === '{' ? members.get(String(step)) : undefined;
      const next = opener === '[' && typeof step === 'number' ? itemAt(value, step) : member?.value;
      if (next === undefined) return offset;
      offset = member !== undefined && OPENERS.has(text[next] ?? '') ? member.key : next;
      value = next;
    }
    return offset;
  };

  return (field) => {
    lineStarts ??= lineStartsOf(text);
    const offset = offsetOf(field);
    const line = countUpTo(lineStarts, offset);
    return { file, line, column: offset - (lineStarts[line - 1] ?? 0) + 1 };
  };
};
