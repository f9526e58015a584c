import type { RawObject } from '../raw.ts';
import { createCursor, type Cursor, nextField, WireError } from './wire.ts';

/** The encoding of a field's value, and the type that it becomes. */
export type FieldType =
  | 'text'
  | 'integer'
  | 'flag'
  /** metav1.Time, in ms since the epoch. */
  | 'time'
  /** A Map from text to text. */
  | 'labels'
  | Message;

export interface Field {
  /** Its name in JSON. */
  readonly name: string;
  readonly type: FieldType;
  readonly repeated?: true;
  /** Of the messages in this field, reads only those whose field 1 is this text, and skips the others. */
  readonly only?: string;
}

/** The fields to read of a message, by number; all others are skipped. */
export interface Message {
  readonly fields: Readonly<Record<number, Field>>;
}

/** Field numbers of metav1.Time, and of the entries of a map. */
const SECONDS = 1;
const KEY = 1;
const VALUE = 2;

const hasLength = ({ from }: Cursor): boolean => from >= 0;

/** Returns the text of the field that was read last. */
const textAt = ({ bytes, from, to }: Cursor): string => bytes.toString('utf8', from, to);

const readTime = (cursor: Cursor, end: number): number | null => {
  let time: number | null = null;
  while (nextField(cursor, end)) if (cursor.field === SECONDS && cursor.value > 0) time = cursor.value * 1000;
  return time;
};

const readEntry = (cursor: Cursor, end: number, into: Map<string, string>): void => {
  let key = '';
  let value = '';
  while (nextField(cursor, end)) {
    if (!hasLength(cursor)) continue;
    if (cursor.field === KEY) key = textAt(cursor);
    else if (cursor.field === VALUE) value = textAt(cursor);
  }
  into.set(key, value);
};

const beginsWith = (cursor: Cursor, end: number, wanted: string): boolean => {
  let found = false;
  while (nextField(cursor, end)) {
    // Most texts differ in length, so that no string needs to be made.
    if (cursor.field === 1 && cursor.to - cursor.from === wanted.length) found = textAt(cursor) === wanted;
  }
  return found;
};

/** Returns the value of the field that was read last, and leaves the cursor behind it. */
const valueOf = (cursor: Cursor, type: Exclude<FieldType, 'labels'>): unknown => {
  if (type === 'integer') return cursor.value;
  if (type === 'flag') return cursor.value !== 0;
  if (!hasLength(cursor)) return undefined;
  if (type === 'text') return textAt(cursor);
  const end = cursor.to;
  cursor.at = cursor.from;
  return type === 'time' ? readTime(cursor, end) : readWithin(cursor, end, type);
};

const isWanted = (cursor: Cursor, only: string): boolean => {
  if (!hasLength(cursor)) return true;
  const { from, to } = cursor;
  cursor.at = from;
  const wanted = beginsWith(cursor, to, only);
  cursor.from = from;
  cursor.to = to;
  return wanted;
};

const readWithin = (cursor: Cursor, end: number, { fields }: Message): RawObject => {
  const object: Record<string, unknown> = {};
  while (nextField(cursor, end)) {
    const field = fields[cursor.field];
    if (field === undefined) continue;
    const { name, type, repeated, only } = field;
    if (only !== undefined && !isWanted(cursor, only)) continue;
    if (type === 'labels') {
      if (!hasLength(cursor)) continue;
      const { from, to } = cursor;
      cursor.at = from;
      readEntry(cursor, to, (object[name] ??= new Map()) as Map<string, string>);
    } else if (repeated === true) {
      ((object[name] ??= []) as unknown[]).push(valueOf(cursor, type));
    } else {
      object[name] = valueOf(cursor, type);
    }
  }
  return object;
};

/**
 * Returns the message between two offsets in the form of its JSON, with the wanted fields. Labels and times, which every pod
 * has, have other forms: see FieldType.
 *
 * @throws WireError for an invalid message
 */
export const readMessage = (bytes: Buffer, start: number, end: number, message: Message): RawObject =>
  readWithin(createCursor(bytes, start), end, message);

/** The bytes that the API server puts before each object that stands alone. */
export const MAGIC = Buffer.from('k8s\0', 'latin1');

/** runtime.Unknown: `raw`, the object itself. */
export const RAW = 2;

/** A part of a buffer. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Returns where the bytes of a field are in the message between two offsets; undefined if it has no such field. @throws
 * WireError
 */
export const spanWithin = (bytes: Buffer, start: number, end: number, field: number): Span | undefined => {
  let span: Span | undefined;
  const cursor = createCursor(bytes, start);
  while (nextField(cursor, end)) {
    if (cursor.field === field && cursor.from >= 0) span = { from: cursor.from, to: cursor.to };
  }
  return span;
};

/**
 * Returns where the object is in an answer of type application/vnd.kubernetes.protobuf (a runtime.Unknown after four bytes
 * of magic).
 *
 * @throws WireError
 */
export const openEnvelope = (bytes: Buffer, from = 0, to = bytes.length): Span => {
  if (to - from < MAGIC.length || MAGIC.compare(bytes, from, from + MAGIC.length) !== 0) {
    throw new WireError('it does not begin as an object of Kubernetes does');
  }
  return spanWithin(bytes, from + MAGIC.length, to, RAW) ?? { from: to, to };
};
