import type { RawObject } from '../raw.ts';
import { MAGIC, RAW, type Message, readMessage } from './message.ts';
import { LIST_META } from './schema.ts';
import { MAX_OBJECT_BYTES, readHead, WireError } from './wire.ts';

/** Reads a list while it arrives. Keeps no more of its bytes than one incomplete item. */
export interface ListReader {
  /** Takes the next piece of the answer. @throws WireError */
  take(piece: Buffer): void;
  /** Ends the list after its last piece. @returns the list's metadata. @throws WireError if something is missing */
  end(): RawObject;
}

/** Every list of the API has its metadata in field 1 and its items in field 2. */
const METADATA = 1;
const ITEM = 2;

/**
 * Reads a list in the envelope of application/vnd.kubernetes.protobuf.
 *
 * @param onItem called with each item, in the form of its JSON, in order
 */
export const createListReader = (item: Message, onItem: (object: RawObject) => void): ListReader => {
  let pieces: Buffer[] = [];
  let size = 0;
  /** Number of bytes needed before the next attempt to read. */
  let needed = MAGIC.length + 1;
  let metadata: RawObject = {};
  let begun = false;
  /** Bytes of the list still to be read; undefined before it has begun. */
  let left: number | undefined;

  /** Reads the field at an offset. @returns the offset of the next one; undefined if this one is incomplete. */
  const readField = (bytes: Buffer, at: number): number | undefined => {
    const head = readHead(bytes, at);
    if (head === undefined) {
      needed = bytes.length - at + 1;
      return undefined;
    }
    const { field, from, to, hasLength } = head;
    const isInList = left !== undefined && left > 0;
    if (!isInList && field === RAW && hasLength) {
      left = to - from;
      return from;
    }
    if (to - from > MAX_OBJECT_BYTES) throw new WireError(`a field of ${String(to - from)} bytes`);
    if (isInList && to - at > (left ?? 0)) throw new WireError('a field reaches beyond its message');
    if (to > bytes.length) {
      needed = to - at;
      return undefined;
    }
    if (isInList) {
      left = (left ?? 0) - (to - at);
      if (field === METADATA && hasLength) metadata = readMessage(bytes, from, to, LIST_META);
      if (field === ITEM && hasLength) onItem(readMessage(bytes, from, to, item));
    }
    return to;
  };

  const readFieldsOf = (bytes: Buffer): number => {
    let at = 0;
    if (!begun) {
      if (MAGIC.compare(bytes, 0, MAGIC.length) !== 0) {
        throw new WireError('it does not begin as an object of Kubernetes does');
      }
      begun = true;
      at = MAGIC.length;
    }
    while (at < bytes.length) {
      const next = readField(bytes, at);
      if (next === undefined) return at;
      at = next;
    }
    needed = 1;
    return at;
  };

  /** Reads the complete fields. @returns the rest */
  const read = (bytes: Buffer): Buffer => {
    if (bytes.length < needed) return bytes;
    return bytes.subarray(readFieldsOf(bytes));
  };

  const keep = (rest: Buffer): void => {
    pieces = rest.length === 0 ? [] : [rest];
    size = rest.length;
  };

  return {
    take(piece) {
      let at = 0;
      // Copies only the bytes that the incomplete item lacks; everything else is read in place.
      while (size > 0 && at < piece.length) {
        const more = piece.subarray(at, at + needed - size);
        pieces.push(more);
        size += more.length;
        at += more.length;
        if (size >= needed) keep(read(Buffer.concat(pieces, size)));
      }
      if (at < piece.length) keep(read(at === 0 ? piece : piece.subarray(at)));
    },
    end() {
      if (left === undefined) throw new WireError('no list found');
      if (left > 0 || size > 0) throw new WireError('truncated list');
      return metadata;
    },
  };
};
