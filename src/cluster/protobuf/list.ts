import type { RawObject } from '../raw.ts';
import { openEnvelope } from './envelope.ts';
import { type Message, readMessage } from './message.ts';
import { LIST_META } from './schema.ts';
import { readFields } from './wire.ts';

/** A page of a list, as its JSON would be. */
export interface ListMessage {
  readonly metadata: RawObject;
  /** Each is read when it is asked for: one at a time is all that has to be in memory. @throws WireError */
  readonly items: Iterable<RawObject>;
}

/** Every list of the API has its metadata in field 1 and its items in field 2. @throws WireError */
export const readList = (bytes: Buffer, item: Message): ListMessage => {
  const { from, to } = openEnvelope(bytes);
  let metadata: RawObject = {};
  const places: (readonly [start: number, end: number])[] = [];
  readFields(bytes, from, to, (field, start, end) => {
    if (field === 1 && start >= 0) metadata = readMessage(bytes, start, end, LIST_META);
    if (field === 2 && start >= 0) places.push([start, end]);
  });
  return {
    metadata,
    items: (function* () {
      for (const [start, end] of places) yield readMessage(bytes, start, end, item);
    })(),
  };
};
