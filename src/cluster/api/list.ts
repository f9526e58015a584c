import { readList } from '../protobuf/list.ts';
import type { Resource } from '../resource.ts';
import { isGone } from './api-error.ts';
import { requireName } from './named.ts';
import { boundedBytes, MEBIBYTE, TooLargeError } from './bounded-body.ts';
import { type Page, readPage } from './page.ts';
import { acceptOf, get, isProtobuf, selectionOf } from './request.ts';
import type { Session } from './session.ts';
import { unlessSilent } from './silence.ts';

/** A full list of one kind, trimmed. */
export interface Listed<K, T> {
  readonly objects: ReadonlyMap<K, T>;
  readonly resourceVersion: string;
}

const parseJson = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'));

/** A page of usual objects has some MiB; one of the largest that etcd takes would not fit into the agent's memory. */
const MAX_PAGE_BYTES = 32 * MEBIBYTE;
/** A list in one piece is the last resort. */
const MAX_LIST_BYTES = 256 * MEBIBYTE;
/** A page that is too large is asked for again in so many. */
const SMALLER = 10;

const fetchPage = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  limit: number,
  continueToken: string,
): Promise<Page> => {
  const { clock, timing, connection } = session;
  const { path, message } = resource;
  const query = {
    ...selectionOf(resource),
    ...(limit > 0 ? { limit: String(limit) } : {}),
    ...(continueToken === '' ? {} : { continue: continueToken }),
  };
  const patience = { first: timing.listSilence, later: timing.listSilence };
  return unlessSilent(clock, patience, session.signal, async (signal, heard) => {
    const response = await get(connection, path, query, acceptOf(resource), signal);
    const limitBytes = limit > 0 ? MAX_PAGE_BYTES : MAX_LIST_BYTES;
    const bytes = await boundedBytes(response, `a page of ${path}`, limitBytes, () => {
      heard();
      session.heard();
    });
    if (message === undefined || !isProtobuf(response)) return readPage(parseJson(bytes), path);
    const { metadata, items } = readList(bytes, message);
    // What is no object cannot be said in protobuf.
    return { ...readPage({ metadata, items: [] }, path), items };
  });
};

const listPages = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  limit: number,
): Promise<Listed<K, T>> => {
  const objects = new Map<K, T>();
  let size = limit;
  const fetchNext = async (continueToken: string): Promise<Page> => {
    for (;;) {
      try {
        return await fetchPage(session, resource, size, continueToken);
      } catch (error) {
        if (!(error instanceof TooLargeError) || size <= 1) throw error;
        size = Math.ceil(size / SMALLER);
      }
    }
  };
  let next = fetchNext('');
  for (;;) {
    const { items, continueToken, resourceVersion } = await next;
    if (continueToken !== '') {
      // The server works on the next page while we read this one.
      next = fetchNext(continueToken);
      // Of no interest where this page turns out to be none; met above where it is one.
      next.catch(() => undefined);
    }
    for (const item of items) {
      requireName(item, resource.path);
      const key = resource.keyOf(item);
      const value = resource.trim(item, session.intern);
      if (key !== undefined && value !== undefined) objects.set(key, value);
    }
    if (continueToken === '') return { objects, resourceVersion };
  }
};

/**
 * Lists all objects of a kind, page by page: of each page only the trimmed objects stay in memory. The list is the newest
 * state (no resourceVersion is asked for), so it never goes back in time. If the pages expire on the way (410 Gone, when a
 * page takes longer than the server's compaction interval), the list is fetched once more in one piece, which cannot.
 */
export const listAll = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
): Promise<Listed<K, T>> => {
  try {
    return await listPages(session, resource, session.timing.pageSize);
  } catch (error) {
    if (!isGone(error)) throw error;
    return listPages(session, resource, 0);
  }
};

/** The resourceVersion that the server has got to, learned from a list of one object. */
export const currentVersion = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
): Promise<string> => (await fetchPage(session, resource, 1, '')).resourceVersion;
