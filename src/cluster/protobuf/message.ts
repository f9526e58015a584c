import type { RawObject } from '../raw.ts';
import { readFields } from './wire.ts';

/** How the value of a field is written, and what becomes of it. */
export type FieldType =
  | 'text'
  | 'integer'
  | 'flag'
  /** metav1.Time: RFC 3339, as in JSON. */
  | 'time'
  /** A map from text to text. */
  | 'labels'
  | Message;

export interface Field {
  /** Its name in JSON. */
  readonly name: string;
  readonly type: FieldType;
  readonly repeated?: true;
}

/** The fields of a message that are wanted, by their numbers; all others are passed over. */
export interface Message {
  readonly fields: Readonly<Record<number, Field>>;
}

const ENTRY: Message = { fields: { 1: { name: 'key', type: 'text' }, 2: { name: 'value', type: 'text' } } };
const TIME: Message = { fields: { 1: { name: 'seconds', type: 'integer' } } };

const timeText = ({ seconds }: RawObject): string | null =>
  typeof seconds === 'number' && seconds > 0 ? new Date(seconds * 1000).toISOString() : null;

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
  if (type === 'time') return timeText(readMessage(bytes, from, to, TIME));
  return readMessage(bytes, from, to, type);
};

/**
 * The message between two offsets as the object that its JSON would be, with the fields that are wanted.
 *
 * @throws WireError for what is no message.
 */
export const readMessage = (bytes: Buffer, start: number, end: number, { fields }: Message): RawObject => {
  const object: Record<string, unknown> = {};
  readFields(bytes, start, end, (number, from, to, value) => {
    const field = fields[number];
    if (field === undefined) return;
    const { name, type, repeated } = field;
    if (type === 'labels') {
      const entry = readMessage(bytes, from, to, ENTRY);
      // Maps have no prototype: a key may be any text.
      const map = (object[name] ??= Object.create(null)) as Record<string, unknown>;
      map[String(entry['key'])] = entry['value'];
    } else if (repeated === true) {
      ((object[name] ??= []) as unknown[]).push(valueOf(bytes, type, from, to, value));
    } else {
      object[name] = valueOf(bytes, type, from, to, value);
    }
  });
  return object;
};
