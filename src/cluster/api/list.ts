import { readList } from '../protobuf/list.ts';
import type { Resource } from '../resource.ts';
import { isGone } from './api-error.ts';
import { requireName } from './named.ts';
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
    const chunks: Buffer[] = [];
    const response = await get(connection, path, query, acceptOf(resource), signal);
    for await (const chunk of response) {
      heard();
      session.heard();
      chunks.push(chunk as Buffer);
    }
    const bytes = Buffer.concat(chunks);
    return readPage(message !== undefined && isProtobuf(response) ? readList(bytes, message) : parseJson(bytes), path);
  });
};

const listPages = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  limit: number,
): Promise<Listed<K, T>> => {
  const objects = new Map<K, T>();
  let continueToken = '';
  for (;;) {
    const page = await fetchPage(session, resource, limit, continueToken);
    for (const item of page.items) {
      requireName(item, resource.path);
      const key = resource.keyOf(item);
      const value = resource.trim(item, session.intern);
      if (key !== undefined && value !== undefined) objects.set(key, value);
    }
    if (page.continueToken === '') return { objects, resourceVersion: page.resourceVersion };
    continueToken = page.continueToken;
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
