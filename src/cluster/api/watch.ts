import { StringDecoder } from 'node:string_decoder';
import { MEBIBYTE, TooLargeError } from './bounded-body.ts';
import { asObject, asText, type RawObject } from '../raw.ts';
import { NonsenseError } from './nonsense.ts';
import { watchFrames } from '../protobuf/watch-frames.ts';
import type { Resource } from '../resource.ts';
import { errorOfStatus } from './api-error.ts';
import { startDoubt } from './doubt.ts';
import { acceptOf, get, isProtobuf, selectionOf } from './request.ts';
import type { Session } from './session.ts';
import { unlessSilent } from './silence.ts';

/** In characters. A watch line is one object, which etcd limits to 1.5 MiB, and a short wrapper. */
const MAX_LINE = 16 * MEBIBYTE;

/**
 * Yields the JSON values of a stream, one per line. Drops a last line without its end: the connection broke inside it.
 *
 * @throws SyntaxError for a line that is not JSON; TooLargeError
 */
export async function* jsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let pending: string[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const [first = '', ...more] = decoder.write(chunk).split('\n');
    pending.push(first);
    size += first.length;
    if (size > MAX_LINE) throw new TooLargeError('a line of the watch', MAX_LINE);
    for (const next of more) {
      const line = pending.join('').trim();
      pending = [next];
      size = next.length;
      if (line !== '') yield JSON.parse(line) as unknown;
    }
  }
}

/** @throws NonsenseError for an object without `metadata.name`, which every object of the API has. */
export const requireName = (object: RawObject, path: string): void => {
  if (!asText(asObject(object['metadata'])['name'])) throw new NonsenseError(path, 'an object has no metadata.name');
};

/** Callbacks of an open watch. */
interface WatchHandler<K, T> {
  /** The server has accepted the watch. */
  opened(): void;
  /** An object was added or changed; or deleted, then without a value. */
  changed(key: K, value: T | undefined): void;
  /** Everything up to this resourceVersion has been delivered. Called after `changed`. */
  reached(resourceVersion: string): void;
}

const secondsToWatch = ({ timing, random }: Session): number => {
  const [shortest, longest] = timing.watchSeconds;
  return Math.round(shortest + random() * (longest - shortest));
};

/** The types of a watch's events (metav1.WatchEvent) that carry an object. */
const CHANGES: readonly unknown[] = ['ADDED', 'MODIFIED', 'DELETED'];

const deliver = <K extends string, T>(
  event: RawObject,
  resource: Resource<K, T>,
  { trim, handler }: { readonly trim: (object: RawObject) => T | undefined; readonly handler: WatchHandler<K, T> },
): void => {
  const object = asObject(event['object']);
  const type = event['type'];
  if (type === 'ERROR') throw errorOfStatus(object);
  if (type !== 'BOOKMARK') {
    if (!CHANGES.includes(type)) throw new NonsenseError(resource.path, `no event of a watch: ${JSON.stringify(type)}`);
    requireName(object, resource.path);
    const key = resource.keyOf(object);
    const value = type === 'DELETED' ? undefined : trim(object);
    if (key !== undefined) handler.changed(key, value);
  }
  const reached = asText(asObject(object['metadata'])['resourceVersion']);
  if (reached !== undefined && reached !== '') handler.reached(reached);
};

/**
 * Watches a kind from a resourceVersion. Resolves when the server ends the watch in an orderly way, as it does after
 * `timeoutSeconds`.
 *
 * A server whose etcd reports no progress sends no bookmarks for a kind before its first event. So only a watch that has sent
 * a message must keep sending; other watches end by their timeout, or by TCP keep-alive if the peer is gone. A watch of
 * either kind ends within two minutes if the server answers nothing at all, see startDoubt.
 *
 * @throws ApiError for a refusal or an ERROR event; SilenceError; SyntaxError for an answer that is neither JSON nor protobuf,
 * NonsenseError for one that is no watch; the socket's error for a broken connection.
 */
export const watchFrom = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  resourceVersion: string,
  handler: WatchHandler<K, T>,
): Promise<void> => {
  const seconds = secondsToWatch(session);
  const patience = { first: seconds * 1000 + session.timing.watchOverrun, later: session.timing.watchSilence };
  const query = {
    ...selectionOf(resource),
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(seconds),
  };
  const abandoned = new AbortController();
  const outer = AbortSignal.any([session.signal, abandoned.signal]);
  const doubt = startDoubt(session, outer, (reason) => {
    abandoned.abort(reason);
  });
  try {
    await unlessSilent(session.clock, patience, outer, async (signal, heard) => {
      const response = await get(session.connection, resource.path, query, acceptOf(resource), signal);
      const alive = (): void => {
        doubt.heard();
        session.heard();
      };
      alive();
      handler.opened();
      const { message } = resource;
      const isFramed = message !== undefined && isProtobuf(response);
      const events = isFramed ? watchFrames(response, message) : jsonLines(response);
      let neighbour: T | undefined;
      const trim = (object: RawObject): T | undefined => {
        const value = resource.trim(object, session.intern, neighbour);
        neighbour = value ?? neighbour;
        return value;
      };
      for await (const event of events) {
        heard();
        alive();
        deliver(asObject(event), resource, { trim, handler });
      }
    });
  } finally {
    doubt.end();
  }
};
