import type { RawObject } from '../raw.ts';
import { openEnvelope } from './envelope.ts';
import { type Message, readMessage } from './message.ts';
import { LIST_META } from './schema.ts';
import { readFields } from './wire.ts';

/** A page of a list, as its JSON would be. */
export interface ListMessage {
  readonly metadata: RawObject;
  readonly items: readonly RawObject[];
}

/** Every list of the API has its metadata in field 1 and its items in field 2. @throws WireError */
export const readList = (bytes: Buffer, item: Message): ListMessage => {
  const { from, to } = openEnvelope(bytes);
  let metadata: RawObject = {};
  const items: RawObject[] = [];
  readFields(bytes, from, to, (field, start, end) => {
    if (field === 1 && start >= 0) metadata = readMessage(bytes, start, end, LIST_META);
    if (field === 2 && start >= 0) items.push(readMessage(bytes, start, end, item));
  });
  return { metadata, items };
};
