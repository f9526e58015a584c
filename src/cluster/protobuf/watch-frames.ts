import type { RawObject } from '../raw.ts';
import { openEnvelope, spanWithin, type Message, readMessage } from './message.ts';
import { STATUS } from './schema.ts';
import { createCursor, MAX_OBJECT_BYTES, nextField, WireError } from './wire.ts';

/** The length before each event: 32 bits, most significant first. */
const LENGTH_BYTES = 4;

/** runtime.RawExtension: the object's bytes. */
const RAW = 1;

/** Reads a metav1.WatchEvent: the type, and the object in an envelope of its own. */
const readEvent = (bytes: Buffer, message: Message): RawObject => {
  let type = '';
  let object: RawObject = {};
  const cursor = createCursor(bytes, 0);
  while (nextField(cursor, bytes.length)) {
    const { field, from, to } = cursor;
    if (from < 0) continue;
    if (field === 1) type = bytes.toString('utf8', from, to);
    if (field !== 2) continue;
    const raw = spanWithin(bytes, from, to, RAW);
    if (raw === undefined) continue;
    const span = openEnvelope(bytes, raw.from, raw.to);
    object = readMessage(bytes, span.from, span.to, type === 'ERROR' ? STATUS : message);
  }
  return { type, object };
};

/**
 * Yields the events of a watch in protobuf, in the form of their JSON. Drops a last event without its end: the connection
 * broke inside it.
 *
 * @throws WireError
 */
export async function* watchFrames(
  stream: AsyncIterable<Buffer>,
  message: Message,
): AsyncGenerator<RawObject, void, undefined> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= LENGTH_BYTES) {
      const length = pending.readUInt32BE(0);
      if (length > MAX_OBJECT_BYTES) throw new WireError(`an event of ${String(length)} bytes`);
      if (pending.length < LENGTH_BYTES + length) break;
      yield readEvent(pending.subarray(LENGTH_BYTES, LENGTH_BYTES + length), message);
      pending = pending.subarray(LENGTH_BYTES + length);
    }
  }
}
