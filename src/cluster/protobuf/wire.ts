/** The bytes are not a valid Protocol Buffers message. A SyntaxError, like that of invalid JSON. */
export class WireError extends SyntaxError {
  constructor(what: string) {
    super(`no protobuf: ${what}`);
    this.name = 'WireError';
  }
}

/** A position in a message, and the field that was read last. One cursor serves a message and all messages within. */
export interface Cursor {
  readonly bytes: Buffer;
  /** Offset of the next read. */
  at: number;
  /** The number of the field. */
  field: number;
  /** Offsets of its first and last byte if it has a length (text, bytes, messages), else -1. */
  from: number;
  to: number;
  /** Its value if it is a number of variable length, else 0. */
  value: number;
}

export const createCursor = (bytes: Buffer, at: number): Cursor => ({
  bytes,
  at,
  field: 0,
  from: -1,
  to: -1,
  value: 0,
});

/** Maximum length that is accepted: etcd limits an object to 1.5 MB. */
export const MAX_OBJECT_BYTES = 16 * 1024 * 1024;

/** Protocol Buffers' wire types, in the low three bits of a field's key. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** The bit of a number's byte that says that more follow. */
const MORE = 128;
/** In bytes: 64 bits in parts of 7. */
const LONGEST_NUMBER = 10;
/** The factor of the last of these parts. */
const LARGEST_SCALE = MORE ** (LONGEST_NUMBER - 1);
/** 32 bits: fields have numbers below 2^29, and three bits are the wire type's. */
const LARGEST_KEY = 0xffff_ffff;

const readNumber = (cursor: Cursor, end: number): number => {
  const { bytes } = cursor;
  let value = 0;
  let scale = 1;
  for (let at = cursor.at; at < end && scale <= LARGEST_SCALE; at += 1) {
    const byte = bytes[at] ?? MORE;
    value += (byte & (MORE - 1)) * scale;
    if (byte < MORE) {
      cursor.at = at + 1;
      return value;
    }
    scale *= MORE;
  }
  throw new WireError('a number has no end');
};

/**
 * Reads the next field of the message ending at `end` and advances the cursor past it. An unwanted field costs only the
 * reading of its length. Unknown fields are no error: a newer server may send some. To read a message within, set the
 * cursor back to where it begins; at its end, the cursor is past it again.
 *
 * Numbers above 2^53 lose precision, and negative numbers look like large ones: no field that is read here has either.
 *
 * @returns false if there is no further field
 * @throws WireError
 */
export const nextField = (cursor: Cursor, end: number): boolean => {
  if (cursor.at >= end) return false;
  const key = readNumber(cursor, end);
  if (key > LARGEST_KEY) throw new WireError(`a field's key is ${String(key)}`);
  cursor.field = key >>> 3;
  cursor.from = -1;
  cursor.to = -1;
  cursor.value = 0;
  const wireType = key & 7;
  if (wireType === LENGTH) {
    const length = readNumber(cursor, end);
    cursor.from = cursor.at;
    cursor.to = cursor.from + length;
    cursor.at = cursor.to;
  } else if (wireType === VARINT) {
    cursor.value = readNumber(cursor, end);
  } else if (wireType === FIXED64 || wireType === FIXED32) {
    cursor.at += wireType === FIXED64 ? 8 : 4;
  } else {
    throw new WireError(`wire type ${String(wireType)}`);
  }
  if (cursor.at > end) throw new WireError('a field reaches beyond its message');
  return true;
};

/** The beginning of a field, whose rest may not have arrived yet. */
export interface FieldHead {
  readonly field: number;
  /** Whether it is text, bytes or a message, and not a number. */
  readonly hasLength: boolean;
  /** Offsets of its content and of the next field. */
  readonly from: number;
  readonly to: number;
}

/** Reports whether the number at an offset is complete. @throws WireError if it is too long */
const isWhole = (bytes: Buffer, at: number): boolean => {
  for (let next = at; next < bytes.length; next += 1) if ((bytes[next] ?? MORE) < MORE) return true;
  if (bytes.length - at > LONGEST_NUMBER) throw new WireError('a number has no end');
  return false;
};

/** Returns the head of the field at an offset; undefined if it is incomplete. @throws WireError */
export const readHead = (bytes: Buffer, at: number): FieldHead | undefined => {
  if (!isWhole(bytes, at)) return undefined;
  const cursor = createCursor(bytes, at);
  const key = readNumber(cursor, bytes.length);
  const field = Math.floor(key / 8);
  const wireType = key % 8;
  const from = cursor.at;
  if (wireType === FIXED64) return { field, hasLength: false, from, to: from + 8 };
  if (wireType === FIXED32) return { field, hasLength: false, from, to: from + 4 };
  if (wireType !== VARINT && wireType !== LENGTH) throw new WireError(`wire type ${String(wireType)}`);
  if (!isWhole(bytes, from)) return undefined;
  const value = readNumber(cursor, bytes.length);
  if (wireType === VARINT) return { field, hasLength: false, from, to: cursor.at };
  return { field, hasLength: true, from: cursor.at, to: cursor.at + value };
};
