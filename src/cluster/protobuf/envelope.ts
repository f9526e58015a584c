import { createCursor, nextField, WireError } from './wire.ts';

/** The bytes that the API server puts before each object that stands alone. */
export const MAGIC = Buffer.from('k8s\0', 'latin1');

/** runtime.Unknown: `raw`, the object itself. */
export const RAW = 2;

/** A part of a buffer. */
export interface Span {
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
