/** The bytes are no message of Protocol Buffers. A SyntaxError, as for JSON that is none. */
export class WireError extends SyntaxError {
  constructor(what: string) {
    super(`no protobuf: ${what}`);
    this.name = 'WireError';
  }
}

/**
 * Told of each field: its number; where its bytes begin and end if it has a length (text, bytes, messages), else -1; and its
 * value if it is a number.
 */
export type VisitField = (field: number, from: number, to: number, value: number) => void;

/** No object of the API is that large (etcd takes 1.5 MB); a length beyond is not one. */
export const MAX_OBJECT_BYTES = 16 * 1024 * 1024;

/** Protocol Buffers' wire types, in the low three bits of a field's key. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Of a number's byte: more follow. */
const MORE = 128;
/** 64 bits in parts of 7, bytes. */
const LONGEST_NUMBER = 10;

/** The offset behind the number that begins at an offset; -1 where it has no end before `end`. */
const endOfNumber = (bytes: Buffer, at: number, end: number): number => {
  for (let next = at; next < end; next += 1) if ((bytes[next] ?? MORE) < MORE) return next + 1;
  return -1;
};

/** The number between two offsets, the least significant part first. */
const numberBetween = (bytes: Buffer, from: number, to: number): number => {
  let value = 0;
  for (let at = to - 1; at >= from; at -= 1) value = value * MORE + ((bytes[at] ?? 0) & (MORE - 1));
  return value;
};

/**
 * Reads the fields of the message between two offsets. What nobody wants costs no more than the reading of its length, and
 * unknown fields are no error: a newer server may send some.
 *
 * Numbers above 2^53 lose precision, and negative ones are not told from large ones: no field that is read here has either.
 *
 * @throws WireError
 */
export const readFields = (bytes: Buffer, start: number, end: number, visit: VisitField): void => {
  let at = start;
  while (at < end) {
    const from = endOfNumber(bytes, at, end);
    if (from < 0) throw new WireError('a number has no end');
    const key = numberBetween(bytes, at, from);
    const field = Math.floor(key / 8);
    const wireType = key % 8;
    if (wireType === VARINT || wireType === LENGTH) {
      const behind = endOfNumber(bytes, from, end);
      if (behind < 0) throw new WireError('a number has no end');
      const value = numberBetween(bytes, from, behind);
      at = wireType === VARINT ? behind : behind + value;
      if (at > end) throw new WireError('a field reaches beyond its message');
      if (wireType === VARINT) visit(field, -1, -1, value);
      else visit(field, behind, at, Number.NaN);
    } else if (wireType === FIXED64 || wireType === FIXED32) {
      at = from + (wireType === FIXED64 ? 8 : 4);
      if (at > end) throw new WireError('a field reaches beyond its message');
    } else {
      throw new WireError(`wire type ${String(wireType)}`);
    }
  }
};

/** The beginning of a field, of which the rest may not be there yet. */
export interface FieldHead {
  readonly field: number;
  /** It is text, bytes or a message, and not a number. */
  readonly hasLength: boolean;
  /** Where what it holds begins, and where the next field does. */
  readonly from: number;
  readonly to: number;
}

/** The head of the field at an offset; undefined where it is not whole. @throws WireError */
export const readHead = (bytes: Buffer, at: number): FieldHead | undefined => {
  const from = endOfNumber(bytes, at, bytes.length);
  if (from < 0) {
    if (bytes.length - at > LONGEST_NUMBER) throw new WireError('a number has no end');
    return undefined;
  }
  const key = numberBetween(bytes, at, from);
  const field = Math.floor(key / 8);
  const wireType = key % 8;
  if (wireType === FIXED64) return { field, hasLength: false, from, to: from + 8 };
  if (wireType === FIXED32) return { field, hasLength: false, from, to: from + 4 };
  if (wireType !== VARINT && wireType !== LENGTH) throw new WireError(`wire type ${String(wireType)}`);
  const behind = endOfNumber(bytes, from, bytes.length);
  if (behind < 0) {
    if (bytes.length - from > LONGEST_NUMBER) throw new WireError('a number has no end');
    return undefined;
  }
  if (wireType === VARINT) return { field, hasLength: false, from, to: behind };
  return { field, hasLength: true, from: behind, to: behind + numberBetween(bytes, from, behind) };
};
