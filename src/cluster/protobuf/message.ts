import type { RawObject } from '../raw.ts';
import { readFields } from './wire.ts';

/** How the value of a field is written, and what becomes of it. */
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
  /** Of the messages in this field only those whose field 1 is this text; the others are passed over. */
  readonly only?: string;
}

/** The fields of a message that are wanted, by their numbers; all others are passed over. */
export interface Message {
  readonly fields: Readonly<Record<number, Field>>;
}

/** metav1.Time, and the entries of a map. */
const SECONDS = 1;
const KEY = 1;
const VALUE = 2;

const readTime = (bytes: Buffer, start: number, end: number): number | null => {
  let time: number | null = null;
  readFields(bytes, start, end, (field, _, __, value) => {
    if (field === SECONDS && value > 0) time = value * 1000;
  });
  return time;
};

const readEntry = (bytes: Buffer, start: number, end: number, into: Map<string, string>): void => {
  let key = '';
  let value = '';
  readFields(bytes, start, end, (field, from, to) => {
    if (from < 0) return;
    if (field === KEY) key = bytes.toString('utf8', from, to);
    if (field === VALUE) value = bytes.toString('utf8', from, to);
  });
  into.set(key, value);
};

const beginsWith = (bytes: Buffer, start: number, end: number, wanted: string): boolean => {
  let found = false;
  readFields(bytes, start, end, (field, from, to) => {
    // Most have another length, and need not become a string.
    if (field === 1 && to - from === wanted.length) found = bytes.toString('utf8', from, to) === wanted;
  });
  return found;
};

const valueOf = (
  bytes: Buffer,
  type: Exclude<FieldType, 'labels'>,
  from: number,
  to: number,
  value: number,
): unknown => {
  if (type === 'integer') return value;
  if (type === 'flag') return value !== 0;
  if (from < 0) return undefined;
  if (type === 'text') return bytes.toString('utf8', from, to);
  if (type === 'time') return readTime(bytes, from, to);
  return readMessage(bytes, from, to, type);
};

/**
 * The message between two offsets as the object that its JSON would be, with the fields that are wanted; but for labels and
 * times, of which every pod has some, see FieldType.
 *
 * @throws WireError for what is no message.
 */
export const readMessage = (bytes: Buffer, start: number, end: number, { fields }: Message): RawObject => {
  const object: Record<string, unknown> = {};
  readFields(bytes, start, end, (number, from, to, value) => {
    const field = fields[number];
    if (field === undefined) return;
    const { name, type, repeated, only } = field;
    if (only !== undefined && from >= 0 && !beginsWith(bytes, from, to, only)) return;
    if (type === 'labels') {
      if (from >= 0) readEntry(bytes, from, to, (object[name] ??= new Map()) as Map<string, string>);
    } else if (repeated === true) {
      ((object[name] ??= []) as unknown[]).push(valueOf(bytes, type, from, to, value));
    } else {
      object[name] = valueOf(bytes, type, from, to, value);
    }
  });
  return object;
};
