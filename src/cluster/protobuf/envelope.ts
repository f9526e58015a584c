import { readFields, WireError } from './wire.ts';

/** What the API server puts before each object that stands alone. */
export const MAGIC = Buffer.from('k8s\0', 'latin1');

/** runtime.Unknown: `raw`, the object itself. */
export const RAW = 2;

/** A part of a buffer. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Where the object lies in what the API server sends as application/vnd.kubernetes.protobuf (runtime.Unknown behind four
 * bytes of magic).
 *
 * @throws WireError
 */
export const openEnvelope = (bytes: Buffer, from = 0, to = bytes.length): Span => {
  if (to - from < MAGIC.length || MAGIC.compare(bytes, from, from + MAGIC.length) !== 0) {
    throw new WireError('it does not begin as an object of Kubernetes does');
  }
  let span: Span = { from: to, to };
  readFields(bytes, from + MAGIC.length, to, (field, start, end) => {
    if (field === RAW && start >= 0) span = { from: start, to: end };
  });
  return span;
};
