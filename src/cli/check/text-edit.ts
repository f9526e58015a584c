import { stringify } from 'yaml';
import type { Repair } from '../../check/finding.ts';
import type { ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import type { FieldSpan } from '../../cluster/manifest/yaml-document.ts';

/** Replaces the characters from `start` to `end` of a file's text by `text`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

/** Returns the offset after the line's end. */
const lineEnd = (text: string, offset: number): number => {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
};

const columnOf = (text: string, offset: number): number => offset - lineStart(text, offset);

/** Returns the text of a value, as JSON if the file is JSON. */
const scalar = (value: string | number, text: string, replaced: string): string =>
  /^\s*\{/.test(text) || /^["']/.test(replaced) ? JSON.stringify(value) : stringify(value).trim();

/** Removes an item of a block list, with its dash and all its lines. */
const removal = (text: string, { value: [start, end] }: FieldSpan): TextEdit | undefined => {
  const line = lineStart(text, start);
  if (!/^[ ]*-[ ]+$/.test(text.slice(line, start))) return undefined;
  const last = text[end - 1] === '\n' ? end : lineEnd(text, end);
  return { start: line, end: last, text: '' };
};

/** Indents the lines of a block's field by this many columns more, or less. */
const indentation = (text: string, { key, value }: FieldSpan, columns: number): TextEdit | undefined => {
  if (key === undefined) return undefined;
  const start = lineStart(text, key[0]);
  if (text.slice(start, key[0]).trim() !== '') return undefined;
  const end = text[value[1] - 1] === '\n' ? value[1] : lineEnd(text, value[1]);
  const lines = text.slice(start, end).split('\n');
  if (columns < 0 && lines.some((line) => line.trim() !== '' && !line.startsWith(' '.repeat(-columns))))
    return undefined;
  const moved = lines.map((line) =>
    line.trim() === '' ? line : columns < 0 ? line.slice(-columns) : `${' '.repeat(columns)}${line}`,
  );
  return { start, end, text: moved.join('\n') };
};

/**
 * Moves the field to the object at `parent`: it gets the indentation of that object's fields. Only if nothing else is in
 * between, so that the text around it keeps its meaning; the caller reads the result again to be sure.
 */
const move = (
  text: string,
  object: ManifestObject,
  repair: Extract<Repair, { kind: 'move' }>,
): TextEdit | undefined => {
  const field = object.spanOf(repair.field);
  const parent = object.spanOf(repair.parent);
  if (field?.key === undefined || parent === undefined) return undefined;
  const isOutwards = repair.parent.length < repair.field.length;
  // The parent of a field that moves inwards has no value yet: indent its fields by two columns.
  const target = isOutwards
    ? columnOf(text, parent.value[0])
    : parent.key === undefined
      ? undefined
      : columnOf(text, parent.key[0]) + 2;
  return target === undefined ? undefined : indentation(text, field, target - columnOf(text, field.key[0]));
};

/** Returns the change of a file's text that makes a repair; undefined if the text's layout does not allow it. */
export const toTextEdit = (repair: Repair, object: ManifestObject, text: string): TextEdit | undefined => {
  if (repair.kind === 'move') return move(text, object, repair);
  const span = object.spanOf(repair.field);
  if (span === undefined) return undefined;
  switch (repair.kind) {
    case 'key': {
      if (span.key === undefined) return undefined;
      const [start, end] = span.key;
      return { start, end, text: scalar(repair.key, text, text.slice(start, end)) };
    }
    case 'value': {
      const [start, end] = span.value;
      return { start, end, text: scalar(repair.value, text, text.slice(start, end)) };
    }
    case 'remove':
      return removal(text, span);
  }
};

/** Returns the text with all edits that don't overlap with an earlier one. */
export const applyEdits = (text: string, edits: readonly TextEdit[]): string => {
  let end = 0;
  let made = '';
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.start < end) continue;
    made += text.slice(end, edit.start) + edit.text;
    end = edit.end;
  }
  return made + text.slice(end);
};
