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

/** Protocol Buffers' wire types, in the low three bits of a field's key. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

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
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined || at >= end) throw new WireError('a number has no end');
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  const skipTo = (next: number): void => {
    if (next > end) throw new WireError('a field reaches beyond its message');
    at = next;
  };
  while (at < end) {
    const key = varint();
    const field = Math.floor(key / 8);
    switch (key % 8) {
      case VARINT:
        visit(field, -1, -1, varint());
        break;
      case LENGTH: {
        const length = varint();
        const from = at;
        skipTo(from + length);
        visit(field, from, at, Number.NaN);
        break;
      }
      case FIXED64:
        skipTo(at + 8);
        break;
      case FIXED32:
        skipTo(at + 4);
        break;
      default:
        throw new WireError(`wire type ${String(key % 8)}`);
    }
  }
};
